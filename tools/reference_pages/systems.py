"""What is known of each system, and how: facts that the suite measured, and facts that somebody wrote down."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from anyunix.catalog.lookup import Catalog
from anyunix.results.matrix_file import read_matrix

NOT_KEPT = ("system.release", "system.cpus")
"""Facts that say nothing but which machine it was."""


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of docs/reference/measured/: one run of the suite on one system."""

    system: str
    """`FreeBSD 14.0-STABLE, amd64, UFS`"""
    measured: str
    """The day."""
    by: str
    facts: dict[str, Any]
    note: str = ""


@dataclass(frozen=True)
class System:
    """A column of the table of behaviours by system."""

    name: str
    measured: tuple[str, ...] = ()
    """Files of docs/reference/measured/; a fact comes from the first one that has it."""
    documented: str = ""
    """The platform file that says what is documented."""


SYSTEMS = (
    System("Linux glibc", ("debian", "linux-root")),
    System("Linux musl", ("alpine",)),
    System("Linux 32-bit", ("debian-i386",)),
    System("FreeBSD", ("freebsd-14.0",), "freebsd"),
    System("NetBSD", documented="netbsd"),
    System("OpenBSD", documented="openbsd"),
    System("macOS", documented="macos"),
    System("illumos", documented="illumos"),
)
"""In the order of the columns; the first is the one that the others are compared with."""


@dataclass(frozen=True)
class Evidence:
    """Why a value is believed."""

    kind: Literal["measured", "documented"]
    text: str
    """Of `measured` the system that it was; of `documented` the source as the platform file has it."""
    file: str = ""
    """The file of docs/reference/measured/ that holds it, without its ending."""


@dataclass(frozen=True)
class Known:
    """A value of a fact on one system."""

    value: Any
    evidence: tuple[Evidence, ...]


Facts = Mapping[str, Mapping[str, tuple[Known, ...]]]
"""Fact -> system -> its values, the measured one first; more than one where a manual contradicts."""


def read_measured(folder: Path) -> dict[str, Measured]:
    """The measured systems, by the names of their files."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}


def known_facts(catalog: Catalog, measured: Mapping[str, Measured]) -> Facts:
    """Everything that is known of any system."""
    found: dict[str, dict[str, tuple[Known, ...]]] = {}
    for system in SYSTEMS:
        for file in system.measured:
            evidence = Evidence("measured", measured[file].system, file)
            for fact, value in measured[file].facts.items():
                found.setdefault(fact, {}).setdefault(system.name, (Known(value, (evidence,)),))
        documented = catalog.platform(system.documented).documented if system.documented else {}
        for fact, said in documented.items():
            own = found.setdefault(fact, {})
            own[system.name] = _merged(own.get(system.name, ()), Known(said.value, _evidence(said.source)))
    return found


def keep_measured(matrix: Path, folder: Path, day: str) -> list[Path]:
    """Write what a run measured over what an earlier one did, for the platforms that have a file; those files."""
    platforms = {platform.name: platform for platform in read_matrix(matrix).platforms if platform.status == "ran"}
    written = []
    for name, file in (
        ("debian", "debian"),
        ("debian-i386", "debian-i386"),
        ("alpine", "alpine"),
        ("local", "linux-root"),
    ):
        if name not in platforms:
            continue
        facts = dict(sorted(platforms[name].facts.items()))
        kernel = ".".join(str(facts["system.release"]).split(".")[:2])
        where = "as root and in no container" if name == "local" else "in a container"
        document = Measured(
            f"{_title(platforms[name].title, facts)}, {where}, Linux {kernel}",
            day,
            f"`anyunix run -k facts`, platform `{name}`",
            {fact: value for fact, value in facts.items() if fact not in NOT_KEPT},
        )
        path = folder / f"{file}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
        written.append(path)
    return written


def _title(title: str, facts: Mapping[str, Any]) -> str:
    if title == "this machine":
        return f"{facts['libc.name']} {facts['libc.version']}, {facts['system.machine']}"
    return f"{title} ({facts['libc.name']} {facts['libc.version']})"


def _read(path: Path) -> Measured:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Measured)
    except msgspec.DecodeError as error:
        raise SystemExit(f"{path}: {error}") from None


def _evidence(source: str) -> tuple[Evidence, ...]:
    """`accept(2), NetBSD, page of 2001; measured on NetBSD 6.99.16` is two pieces of evidence."""
    return tuple(
        Evidence("measured", measured[1])
        if (measured := re.match(r"measured on (.*)", part))
        else Evidence("documented", part)
        for part in source.split("; ")
    )


def _merged(known: tuple[Known, ...], said: Known) -> tuple[Known, ...]:
    """The manual beside the measurement; an older note of the same measurement adds nothing."""
    if not known:
        return (said,)
    new = tuple(each for each in said.evidence if each.kind == "documented")
    if not new:
        return known
    first, *others = known
    if first.value == said.value:
        return (Known(first.value, (*first.evidence, *new)), *others)
    return (*known, Known(said.value, new))
