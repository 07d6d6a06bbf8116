"""What came of switching differences on for a server."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from anyunix.catalog.difference import TITLES, Difference, System, in_likeness, of_system
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN
from anyunix.results.consequences import cause_of
from anyunix.results.model import CellResult, Probe
from anyunix.text import first_line, listed

Held = Literal["kept", "broken", "flaky", "not tried", "left out"]
State = Literal["kept", "broken", "not tried", "untouched"]
NO_TIME = "there was no time for each alone; --seconds gives more"
"""Why a difference was not tried alone that can be on."""
NAMED = 4
"""Differences that are named though not all of them may be needed."""
NOT_TRIED = "not tried: "
"""How a probe begins to say that a difference is not on in its server (suite/conftest.py)."""


@dataclass(frozen=True)
class SwitchedOn:
    """Differences that were on together: one alone, or all of a system."""

    differences: tuple[str, ...]
    contracts: Mapping[str, Held] = field(default_factory=dict)
    """What came of each contract that was held against the server then."""
    broken: tuple[Probe, ...] = ()
    """Those that broke, twice; what only follows from another one of them is not among them."""
    problem: str = ""
    """Why they could not be tried, or not for sure; empty when they were."""
    confirmed: bool = False
    """Whether what broke was tried once more."""
    complete: bool = True
    """Whether all contracts were tried that are to be, not only those that would break first."""

    def __add__(self, more: "SwitchedOn") -> "SwitchedOn":
        """With what came of other contracts."""
        return replace(
            self,
            contracts={**self.contracts, **more.contracts},
            broken=(*self.broken, *more.broken),
            problem=self.problem or more.problem,
            confirmed=not more.broken and self.confirmed,
        )

    @property
    def broken_ids(self) -> tuple[str, ...]:
        return tuple(probe.id for probe in self.broken)

    @property
    def held(self) -> int:
        """How many contracts say something about them."""
        return sum(word in ("kept", "broken", "flaky") for word in self.contracts.values())

    @property
    def state(self) -> State:
        """`untouched`: the server makes none of the calls that are others then."""
        if self.broken:
            return "broken"
        if self.problem:
            return "not tried"
        if not self.contracts:
            return "untouched"
        return "kept" if "kept" in self.contracts.values() else "not tried"


@dataclass(frozen=True)
class Because:
    """Why a contract breaks with all differences of a system on: the fewest of them that break it."""

    probe: Probe
    differences: tuple[str, ...]
    minimal: bool
    """Whether none of them can be spared; else time was over."""


@dataclass(frozen=True)
class Tryout:
    """A server under all differences that were asked for."""

    subject: str
    platform: str
    bind: str
    known: tuple[Difference, ...]
    """Those that were to be tried."""
    systems: tuple[System, ...]
    contracts: tuple[str, ...]
    """The contracts that the server keeps without any: what differences are held against."""
    not_kept: tuple[str, ...]
    """Those that it does not keep anyway."""
    alone: Mapping[str, SwitchedOn]
    """Difference -> what came of it."""
    together: Mapping[System, SwitchedOn]
    causes: Mapping[System, tuple[Because, ...]]
    seconds: float
    too_long: tuple[str, ...] = ()
    """Contracts that are not tried because they are no quick ones, where only those are wanted."""
    quick: bool = False
    """Whether of the contracts that a difference can touch only some were to be tried with it alone."""

    @property
    def exit_status(self) -> int:
        """0 all that could be tried is kept, 1 something breaks the server, 3 nothing could be tried."""
        states = {each.state for each in (*self.alone.values(), *self.together.values())}
        if "broken" in states:
            return EXIT_FAILED
        return EXIT_DONE if states & {"kept", "untouched"} else EXIT_NOT_RUN

    def of(self, system: System) -> tuple[Difference, ...]:
        """The differences of a system that its likeness has."""
        return in_likeness(self.known, system)

    def compiled_otherwise(self, system: System) -> tuple[str, ...]:
        """The other ones, of those that break the server alone."""
        others = (each.name for each in of_system(self.known, system) if each.when_compiled)
        return tuple(name for name in others if self.alone[name].broken)

    def emulated(self, system: System) -> int:
        """How many of them could be switched on in this server: alone, or where time was over, with all the others."""
        whole = self.together.get(system)
        own = [self.alone[each.name] for each in self.of(system)]
        together = whole is not None and whole.state != "not tried"
        return sum(each.state != "not tried" or (together and each.problem == NO_TIME) for each in own)


def answer_for(tryout: Tryout, system: System) -> str:
    """One line: `FreeBSD: would break (IPv4 clients are refused: v6only-default and passive-order, together)`."""
    others = tryout.compiled_otherwise(system)
    note = f"; built for Linux, it does not run with {listed(others)}, which a build for {TITLES[system]} would know"
    return _answer(tryout, system) + (note if others else "")


def _answer(tryout: Tryout, system: System) -> str:
    own = tryout.of(system)
    known, name = f"{tryout.emulated(system)} of {len(own)}", TITLES[system]
    titles = {each.name: each for each in own}
    reasons: dict[str, None] = {}
    for cause in tryout.causes.get(system, ()):
        several = ", together" if cause.minimal else ", or fewer of them"
        names = listed(cause.differences) + (several if len(cause.differences) > 1 else "")
        if not cause.minimal and len(cause.differences) > NAMED:
            names = f"some of {len(cause.differences)} differences, which there was no time to narrow down"
        reasons[f"{meaning(cause.probe)}: {names}"] = None
    explained = {name for cause in tryout.causes.get(system, ()) for name in cause.differences}
    for each in own:
        tried = tryout.alone[each.name]
        if tried.broken and each.name not in explained:
            hidden = " alone" if system in tryout.together else ""
            reasons[f"{meaning(tried.broken[0])}: {each.name}{hidden}"] = None
    whole = tryout.together.get(system)
    if reasons:
        return f"{name}: would break ({'; '.join(reasons)})"
    if not titles:
        only_compiled = bool(of_system(tryout.known, system))
        return f"{name}: no difference of it is known{' that a build for it would meet' if only_compiled else ''}"
    if whole is None or whole.state == "not tried":
        why = first_line(whole.problem) if whole else "nothing was switched on"
        return f"{name}: not tried as a whole ({why or 'no contract was tried'}); one by one kept {known}"
    some = "" if whole.complete else f", in the {whole.held} of {len(tryout.contracts)} contracts that were tried"
    return f"{name}: kept all that can be emulated ({known}){some}"


def meaning(probe: Probe) -> str:
    """What breaks, in words where the suite has some, else its rule: `not: an accept that fails ends nobody`."""
    name, _, parameter = probe.name.partition("[")
    rule = name.removeprefix("test_").replace("_", " ")
    return first_line(probe.failing) or f"not: {rule}{f' ({parameter[:-1]})' if parameter else ''}"


def seen_in(names: tuple[str, ...], result: CellResult) -> SwitchedOn:
    """What a cell says of the differences that were on in it."""
    if result.status != "ran":
        return SwitchedOn(names, problem=first_line(result.reason).removeprefix(NOT_TRIED))
    escaped = [probe for probe in result.contracts if not probe.tried and NOT_TRIED in probe.message]
    whole = len(escaped) > len(result.kept())  # not only where the probe puts a program of its own before the server
    return SwitchedOn(
        names,
        {probe.id: _held(probe) for probe in result.contracts},
        tuple(probe for probe in result.failures if cause_of(result, probe) is None),
        first_line(escaped[0].message).rpartition(NOT_TRIED)[2] if whole else "",
    )


def confirmed(before: SwitchedOn, again: CellResult, without: CellResult) -> SwitchedOn:
    """With only what broke again, and does not break without any difference."""
    failing = {probe.id for probe in again.failures} - {probe.id for probe in without.failures}
    sure = tuple(probe for probe in before.broken if probe.id in failing)
    flaky: dict[str, Held] = {name: "flaky" for name in before.broken_ids if name not in failing}
    contracts = {**before.contracts, **flaky}
    if not sure:  # nothing is left that the others could follow from
        contracts = {name: "flaky" if word == "broken" else word for name, word in contracts.items()}
    problem = before.problem or ("" if again.status == "ran" else first_line(again.reason))
    return replace(before, contracts=contracts, broken=sure, problem=problem, confirmed=True)


def _held(probe: Probe) -> Held:
    if probe.bad:
        return "broken"
    if probe.kept:
        return "kept"
    return "not tried" if NOT_TRIED in probe.message else "left out"
