"""What is known of the systems that Linux can be made like: measured on one, else what its platform file documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from anyunix.catalog.difference import SYSTEMS, TITLES, System
from anyunix.catalog.reader import key_error, read_file
from anyunix.errors import ConfigurationError
from anyunix.results.json_values import same, unfit
from anyunix.results.model import Documented
from anyunix.text import Text, Word, nearest

FOLDER = Path("differences") / "measured"
REASONS = "not-switchable.yaml"
BESIDE, BESIDE_TITLE = "debian", "Debian 13"
"""The platform that a measured system is compared with."""


class MeasuredFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the suite measured on a real system: differences/measured/SYSTEM-VERSION.json."""

    system: Annotated[Text, Meta(description="the system as it was: release, CPU, file system")]
    measured: Annotated[Text, Meta(description="when: YYYY-MM-DD")]
    by: Annotated[Text, Meta(description="what measured it, and how it was reached")]
    note: Annotated[Text, Meta(description="what was out of the ordinary there")] = ""
    facts: Annotated[dict[Word, Any], Meta(description="all facts that were measured")]
    differs_from_debian_13: Annotated[
        dict[Word, dict[Word, Any]],
        Meta(description="those that are another on Debian 13: fact -> {the system: its value, debian: its value}"),
    ]


@dataclass(frozen=True)
class KnownSystem:
    """The facts by which likenesses of a system are judged."""

    system: System
    title: str
    """`FreeBSD 14.0`"""
    measured: bool
    """Whether they were measured there, and are those that differ from Debian 13; else they are documented ones."""
    facts: Mapping[str, Any]
    """Fact -> its value on that system."""
    reasons: Mapping[str, str]
    """Fact -> why Linux cannot be made to have it."""


def read_known_system(root: Path, system: System, documented: Mapping[str, Documented]) -> KnownSystem:
    """What was measured on a system, the latest release's; else what is `documented` of it. Raises ConfigurationError.

    `root` is the project's folder.
    """
    reasons = read_file(root / FOLDER / REASONS, dict[Word, Text]) if (root / FOLDER / REASONS).is_file() else {}
    files = sorted((root / FOLDER).glob(f"{system}-*.json"))
    if not files:
        facts = {name: each.value for name, each in documented.items()}
        return KnownSystem(system, TITLES[system], False, facts, reasons)
    measured = read_measured_file(files[-1])
    release = files[-1].stem.removeprefix(f"{system}-")
    facts = {name: measured.facts[name] for name in measured.differs_from_debian_13}
    return KnownSystem(system, f"{TITLES[system]} {release}", True, facts, reasons)


def read_measured_file(path: Path) -> MeasuredFile:
    """One file of differences/measured/. Raises ConfigurationError naming file, line, key and reason."""
    system = path.stem.partition("-")[0]
    if system not in SYSTEMS:
        raise ConfigurationError(
            f"{path}: the file's name begins with no system{nearest(system, SYSTEMS)}; expected SYSTEM-VERSION.json, "
            f"of {', '.join(SYSTEMS)}"
        )
    file = read_file(path, MeasuredFile)
    for name, value in file.facts.items():
        if reason := unfit(value):
            raise key_error(path, f"facts.{name}", f"expected what JSON can say, found {reason}")
    for name, values in file.differs_from_debian_13.items():
        key = f"differs_from_debian_13.{name}"
        if set(values) != {system, BESIDE}:
            raise key_error(path, key, f"expected the keys {system} and {BESIDE}, found {', '.join(values) or 'none'}")
        if name not in file.facts or not same(values[system], file.facts[name]):
            raise key_error(path, key, "is not what stands under facts")
        if same(values[system], values[BESIDE]):
            raise key_error(path, key, "does not differ")
    return file
