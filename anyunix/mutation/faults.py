"""chat/faults/*.yaml -> frozen dataclasses. Every error names file, key and reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.probes import measured_by, read_probes
from anyunix.catalog.reader import Reader, load_yaml
from anyunix.catalog.yaml_text import kind
from anyunix.errors import ConfigurationError
from anyunix.text import nearest

EDIT_KEYS = ("file", "healthy", "faulty")


@dataclass(frozen=True)
class Edit:
    """In `file`, relative to the subject's folder, `healthy` stands once and becomes `faulty`."""

    file: str
    healthy: str
    faulty: str


@dataclass(frozen=True)
class Sowing:
    """A fault in one subject."""

    edits: tuple[Edit, ...]
    """None for a fault that is a bind mode of the healthy server."""
    contracts: tuple[str, ...]
    """IDs of the contracts that have to fail for it, each one, wherever they can be tried."""
    shows_where: Mapping[str, Any] = field(default_factory=dict)
    """Fact -> the value that it has where the fault shows; of a mapping, what it holds at least."""


@dataclass(frozen=True)
class Fault:
    """What can be wrong with a server, and who has to notice."""

    name: str
    title: str
    lesson: str
    """Why it matters and which platforms show it, with the source."""
    sowings: Mapping[str, Sowing]
    """By subject."""
    inapplicable: Mapping[str, str] = field(default_factory=dict)
    """Subject -> why it cannot have this fault."""
    bind: str = ""
    """The bind mode to run in; empty for the subject's first."""


@dataclass(frozen=True)
class _Suite:
    """What a fault's file may name."""

    contracts: frozenset[str]
    facts: Mapping[str, str]
    """Fact -> the ID of the probe that measures it."""


def read_faults(catalog: Catalog) -> list[Fault]:
    """All faults, by name. Raises ConfigurationError."""
    suite = _Suite(
        frozenset(probe.id for probe in read_probes(catalog.suite) if probe.kind == "contract"),
        measured_by(catalog.suite),
    )
    return [_fault(path, catalog, suite) for path in sorted((catalog.root / "chat" / "faults").glob("*.yaml"))]


def choose_faults(faults: Sequence[Fault], wanted: Sequence[str]) -> list[Fault]:
    """The faults of these names, each once; all of them without a name. Raises ConfigurationError."""
    by_name = {fault.name: fault for fault in faults}
    for name in wanted:
        if name not in by_name:
            raise ConfigurationError(
                f"--fault {name}: no fault is called {name!r}{nearest(name, by_name)}; "
                "`anyunix mutation --list` shows them all"
            )
    return [by_name[name] for name in dict.fromkeys(wanted)] if wanted else list(faults)


def _fault(path: Path, catalog: Catalog, suite: _Suite) -> Fault:
    reader = Reader(path, load_yaml(path))
    subjects = catalog.subject_names()
    title, lesson, bind = reader.text("title"), reader.text("lesson"), reader.text("bind", "")
    contracts = _contracts(reader, subjects, suite)
    where = _shows_where(reader, subjects, suite)
    sowings, inapplicable = {}, {}
    for subject in subjects:
        value = reader.anything(subject, "a list of edits, or the reason why there are none")
        if isinstance(value, str):
            inapplicable[subject] = value
            continue
        sowings[subject] = Sowing(_edits(reader, subject, value), contracts[subject], where[subject])
        if not bind and not sowings[subject].edits:
            raise reader.error(subject, "no edits and no bind mode: that is the healthy server")
        modes = catalog.subject(subject).binds
        if bind and bind not in modes:
            raise reader.error("bind", f"{subject} has no bind mode {bind!r}; it has {', '.join(modes)}")
    reader.reject_unknown()
    return Fault(reader.name(path.stem), title, lesson, sowings, inapplicable, bind)


def _contracts(reader: Reader, subjects: Sequence[str], suite: _Suite) -> dict[str, tuple[str, ...]]:
    """Subject -> contracts: one list for all of them, or a list each."""
    value = reader.anything("caught_by", "a list of contracts, or such a list for each subject")
    by_subject = value if isinstance(value, dict) else dict.fromkeys(subjects, value)
    found: dict[str, tuple[str, ...]] = {}
    for subject in subjects:
        listed = by_subject.get(subject, [])
        if not isinstance(listed, list) or (not listed and not isinstance(value, dict)):
            raise reader.error("caught_by", f"expected a list of contracts, found {kind(listed)}")
        for contract in listed:
            if not isinstance(contract, str) or contract.partition("[")[0] not in suite.contracts:
                raise reader.error(
                    "caught_by", f"no contract is called {contract!r}{nearest(str(contract), suite.contracts)}"
                )
        found[subject] = tuple(listed)
    return found


def _shows_where(reader: Reader, subjects: Sequence[str], suite: _Suite) -> dict[str, dict[str, Any]]:
    """Subject -> facts and values: those for all, and those under the subject's name."""
    value = reader.anything("shows_where", "facts and their values", {})
    if not isinstance(value, dict):
        raise reader.error("shows_where", f"expected facts and their values, found {kind(value)}")
    for_all = {fact: expected for fact, expected in value.items() if fact not in subjects}
    found = {}
    for subject in subjects:
        own = value.get(subject, {})
        if not isinstance(own, dict):
            raise reader.error("shows_where", f"{subject}: expected facts and their values, found {kind(own)}")
        found[subject] = for_all | own
        for fact in found[subject]:
            if fact not in suite.facts:
                raise reader.error("shows_where", f"no probe measures {fact!r}{nearest(str(fact), suite.facts)}")
    return found


def _edits(reader: Reader, subject: str, value: Any) -> tuple[Edit, ...]:
    if not isinstance(value, list):
        raise reader.error(subject, f"expected a list of edits, or the reason why there are none, found {kind(value)}")
    edits = []
    for number, entry in enumerate(value, 1):
        if (
            not isinstance(entry, dict)
            or set(entry) != set(EDIT_KEYS)
            or not all(isinstance(text, str) for text in entry.values())
        ):
            raise reader.error(subject, f"edit {number}: expected the keys {', '.join(EDIT_KEYS)}, each with a text")
        if not entry["healthy"] or entry["healthy"] == entry["faulty"]:
            raise reader.error(subject, f"edit {number}: changes nothing")
        edits.append(Edit(**entry))
    return tuple(edits)
