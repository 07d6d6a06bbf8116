"""chat/faults/*.yaml -> frozen dataclasses. Every error names file, key and reason."""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, cast

from msgspec import Meta, Struct, defstruct, field

from anyunix.catalog.edits import Edit
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.probes import measured_by, read_probes
from anyunix.catalog.reader import file_name, key_error, read_file
from anyunix.catalog.yaml_text import kind
from anyunix.errors import ConfigurationError
from anyunix.text import Text, Word, nearest

Contracts = Annotated[tuple[str, ...], Meta(title="a list of contracts")]
EditOfSubject = Annotated[Edit, Meta(title="the keys file, healthy, faulty, each with a text")]
EditsOrReason = Annotated[
    Annotated[tuple[EditOfSubject, ...], Meta(title="a list of edits")] | str,
    Meta(title="a list of edits, or the reason why there are none"),
]


class FaultKeys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What can be wrong with a server, and who has to notice; and a key for each subject."""

    title: Annotated[Text, Meta(description="the fault, in one line")]
    lesson: Annotated[Text, Meta(description="why it matters and which platforms show it, with the source")]
    bind: Annotated[Text, Meta(description="the bind mode to run in; without the key, the subject's first")] = ""
    caught_by: Annotated[
        Annotated[Contracts, Meta(min_length=1)] | dict[str, Contracts],
        Meta(
            title="a list of contracts, or such a list for each subject",
            description="IDs of the contracts that have to fail for it, each one, wherever they can be tried",
        ),
    ]
    shows_where: Annotated[
        dict[Word, Any],
        Meta(
            title="facts and their values",
            description="the values that they have where the fault shows; under a subject's name, for it alone",
        ),
    ] = {}


@dataclass(frozen=True)
class Mutation:
    """A fault in one subject."""

    edits: tuple[Edit, ...]
    """None for a fault that is a bind mode of the healthy server."""
    contracts: tuple[str, ...]
    """IDs of the contracts that have to fail for it, each one, wherever they can be tried."""
    shows_where: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Fact -> the value that it has where the fault shows; of a mapping, what it holds at least."""


@dataclass(frozen=True)
class Fault:
    """What can be wrong with a server, and who has to notice."""

    name: str
    title: str
    lesson: str
    """Why it matters and which platforms show it, with the source."""
    mutations: Mapping[str, Mutation]
    """By subject."""
    inapplicable: Mapping[str, str] = dataclasses.field(default_factory=dict)
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
    suite = _suite(catalog)
    return [_fault(path, catalog, suite) for path in sorted((catalog.root / "chat" / "faults").glob("*.yaml"))]


def read_fault(path: Path, catalog: Catalog) -> Fault:
    """One fault from its file. Raises ConfigurationError."""
    return _fault(path, catalog, _suite(catalog))


def _suite(catalog: Catalog) -> _Suite:
    contracts = frozenset(probe.id for probe in read_probes(catalog.suite) if probe.kind == "contract")
    return _Suite(contracts, measured_by(catalog.suite))


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


def sample(faults: Sequence[Fault], subjects: Sequence[str], count: int, seed: int) -> list[Fault]:
    """For each subject `count` of the faults that it can have, or all where there are no more. The same seed chooses
    the same ones among the same faults.
    """
    chosen: dict[str, set[str]] = {}
    for subject in subjects:
        names = sorted(fault.name for fault in faults if subject in fault.mutations)
        for name in random.Random(f"{seed} {subject}").sample(names, min(count, len(names))):
            chosen.setdefault(name, set()).add(subject)
    return [
        replace(fault, mutations={name: how for name, how in fault.mutations.items() if name in chosen[fault.name]})
        for fault in faults
        if fault.name in chosen
    ]


def fault_file(subjects: Sequence[str]) -> type[FaultKeys]:
    """The keys of a fault's file: those of every fault, and each subject's name."""
    by_name = [(f"subject_{number}", EditsOrReason, field(name=subject)) for number, subject in enumerate(subjects)]
    made = defstruct("FaultFile", by_name, bases=(FaultKeys,), frozen=True, forbid_unknown_fields=True, kw_only=True)
    return cast("type[FaultKeys]", made)


def _fault(path: Path, catalog: Catalog, suite: _Suite) -> Fault:
    subjects = catalog.subject_names()
    keys = read_file(path, fault_file(subjects))
    contracts, where = _contracts(path, keys, subjects, suite), _shows_where(path, keys, subjects, suite)
    mutations, inapplicable = {}, {}
    for number, subject in enumerate(subjects):
        value: tuple[Edit, ...] | str = getattr(keys, f"subject_{number}")
        if isinstance(value, str):
            inapplicable[subject] = value
            continue
        mutations[subject] = Mutation(value, contracts[subject], where[subject])
        if not keys.bind and not value:
            raise key_error(path, subject, "no edits and no bind mode: that is the healthy server")
        for place, edit in enumerate(value, 1):
            if not edit.healthy or edit.healthy == edit.faulty:
                raise key_error(path, subject, f"edit {place}: changes nothing")
        modes = catalog.subject(subject).binds
        if keys.bind and keys.bind not in modes:
            raise key_error(path, "bind", f"{subject} has no bind mode {keys.bind!r}; it has {', '.join(modes)}")
    return Fault(file_name(path), keys.title, keys.lesson, mutations, inapplicable, keys.bind)


def _contracts(path: Path, keys: FaultKeys, subjects: Sequence[str], suite: _Suite) -> dict[str, tuple[str, ...]]:
    """Subject -> contracts: one list for all of them, or a list each."""
    listed = keys.caught_by if isinstance(keys.caught_by, dict) else dict.fromkeys(subjects, keys.caught_by)
    for subject, contracts in listed.items():
        if subject not in subjects:
            raise key_error(path, f"caught_by.{subject}", f"no such subject{nearest(subject, subjects)}")
        for contract in contracts:
            if contract.partition("[")[0] not in suite.contracts:
                raise key_error(
                    path, "caught_by", f"no contract is called {contract!r}{nearest(contract, suite.contracts)}"
                )
    return {subject: listed.get(subject, ()) for subject in subjects}


def _shows_where(path: Path, keys: FaultKeys, subjects: Sequence[str], suite: _Suite) -> dict[str, dict[str, Any]]:
    """Subject -> facts and values: those for all, and those under the subject's name."""
    for_all = {fact: expected for fact, expected in keys.shows_where.items() if fact not in subjects}
    found = {}
    for subject in subjects:
        own = keys.shows_where.get(subject, {})
        if not isinstance(own, dict):
            raise key_error(path, "shows_where", f"{subject}: expected facts and their values, found {kind(own)}")
        found[subject] = for_all | own
        for fact in found[subject]:
            if fact not in suite.facts:
                raise key_error(path, "shows_where", f"no probe measures {fact!r}{nearest(str(fact), suite.facts)}")
    return found
