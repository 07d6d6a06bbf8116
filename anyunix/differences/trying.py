"""A server is run under every difference alone, under all of a system together, and what breaks is narrowed down."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from anyunix.analysis.candidates import likely_for
from anyunix.analysis.ddmin import Subset
from anyunix.catalog.difference import Difference, System, in_likeness
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import CannotSwitch, experimental
from anyunix.differences.narrowing import narrow
from anyunix.differences.outcomes import NO_TIME, Because, SwitchedOn, Tryout, confirmed, seen_in
from anyunix.differences.selecting import (
    QUICK_SECONDS,
    in_parts,
    nearest,
    quick_first,
    slow_ones,
    to_trace,
    took_too_long,
)
from anyunix.differences.touching import called_in, touched
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from anyunix.results.model import ONLY_WHEN_BROKEN, CellResult, Matrix, Probe
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.matrix import NOBODY, Keeper, Watcher
from anyunix.run.pool import Pool
from anyunix.run.rerun import Records
from anyunix.run.start import never_started
from anyunix.text import first_line

T = TypeVar("T")
Wanted = Mapping[tuple[str, ...], Sequence[str]]
"""Differences that are on together -> the contracts to be tried with them."""
CAUSES = 3
"""Contracts that break under a whole system and are narrowed down at most."""
SECONDS, NARROWING_SECONDS = 45, 10.0
"""After so many nothing is begun that can wait; then, for narrowing down all that breaks under whole systems."""
AT_A_TIME = 4
"""Cells for each job from one look at the time to the next."""


@dataclass(frozen=True)
class TryOptions:
    """What is tried, and how."""

    subject: Subject
    platform: Platform
    bind: str
    known: tuple[Difference, ...]
    systems: tuple[System, ...]
    """Whose differences are also tried together."""
    seconds: float = SECONDS
    quick: bool = False
    """With each alone what it would break first, with all of a system the quick contracts that they can touch, and
    nothing else.
    """


def try_out(options: TryOptions, suite: SuiteOptions, pool: Pool, watcher: Watcher = NOBODY) -> Tryout:
    """Try them in a pool that the caller has entered.

    Raises ConfigurationError for a subject that does not start, NotRun and PlatformError when the platform cannot run
    it as it is.
    """
    with suite.cross_builds:
        suited = replace(options, platform=pool.suited(options.platform))
        return _Trials(suited, suite, pool, watcher).all()


@dataclass
class _Trials:
    """One tryout as it goes on."""

    options: TryOptions
    suite: SuiteOptions
    pool: Pool
    watcher: Watcher
    started: float = field(default_factory=time.monotonic)
    seen: dict[tuple[str, ...], SwitchedOn] = field(default_factory=dict)
    """Differences that were on together -> what came of it."""
    because: dict[tuple[tuple[str, ...], str], Because] = field(default_factory=dict)
    """All that were on, and a contract that broke then -> the fewest that break it."""

    def all(self) -> Tryout:
        options = self.options
        reference = self._reference()
        too_long = [probe.id for probe in reference.failures if options.quick and took_too_long(probe)]
        kept = [probe for probe in reference.kept() if probe.id not in ONLY_WHEN_BROKEN]
        if not kept:
            raise NotRun(f"{options.subject.name} keeps no contract on {options.platform.name} as it is")
        contracts = tuple(probe.id for probe in kept)
        together = {system: in_likeness(options.known, system) for system in options.systems}
        wholes = [own for own in together.values() if own]
        called = self._called_and_seen(kept, wholes)
        touched_by = {each.name: touched(each, called, contracts) for each in options.known}
        first: Wanted = {(each.name,): self._first(each, touched_by[each.name], kept) for each in options.known}
        self._one_by_one(first)
        slow = frozenset() if options.quick else slow_ones(kept)
        whole: Wanted = {_names(own): _any_of(touched_by, own, contracts) for own in wholes}
        self._go_on({names: quick_first(some, slow) for names, some in whole.items()})
        self._confirm()
        until = max(self.started + options.seconds, time.monotonic() + NARROWING_SECONDS)
        causes = {system: self._causes(own, until) for system, own in together.items()}
        alone: Wanted = {(name,): quick_first(some, slow) for name, some in touched_by.items()}
        self._rest({**alone, **whole}, {**first, **whole}, contracts)
        return Tryout(
            options.subject.name,
            options.platform.name,
            options.bind,
            options.known,
            options.systems,
            contracts,
            tuple(probe.id for probe in reference.failures if probe.id not in too_long),
            {each.name: self.seen[each.name,] for each in options.known},
            {system: self.seen[_names(own)] for system, own in together.items() if own},
            causes,
            time.monotonic() - self.started,
            tuple(too_long),
            options.quick,
        )

    @property
    def _plain(self) -> Cell:
        return Cell(self.options.subject, self.options.platform, self.options.bind)

    def _reference(self) -> CellResult:
        """The server without any difference. Raises ConfigurationError, NotRun, PlatformError."""
        self.suite.facts.claim(self.options.platform.name)  # for nobody: contracts alone are asked for
        suite = replace(self.suite, probe_seconds=QUICK_SECONDS) if self.options.quick else self.suite
        result = self._run([self._plain], suite=suite)[0]
        if result.status == "not-run":
            raise NotRun(f"{result.platform}: not run: {result.reason}")
        if result.status == "error":
            raise PlatformError(f"{result.platform}: {result.reason}")
        if wrong := never_started(Matrix((), (result,), result.platform)):
            raise ConfigurationError(next(iter(wrong.values())))
        if broken := next((probe for probe in result.failures if probe.id in ONLY_WHEN_BROKEN), None):
            raise ConfigurationError(f"{result.subject}: {first_line(broken.message) or broken.name}")
        return result

    def _called_and_seen(
        self, kept: Sequence[Probe], systems: Sequence[Sequence[Difference]]
    ) -> Mapping[str, frozenset[str]]:
        """All differences of each system together, with what they would break first; beside that, which calls the
        server makes in quick contracts.
        """
        chosen = to_trace(kept)
        traced, records = replace(self._plain, probes=chosen, tool="trace"), Records()
        self._see([(own, nearest(own, kept)) for own in systems], [traced] if chosen else [], records)
        found = records.found.get(traced.key, {}) if chosen else {}
        return {name: called_in(record) for name, record in found.items() if not record.missing and any(record.texts)}

    def _see(
        self,
        wanted: Iterable[tuple[Sequence[Difference], Sequence[str]]],
        beside: Sequence[Cell] = (),
        keeper: Keeper = NOBODY,
    ) -> None:
        """What comes of these contracts with these differences on; `beside` runs at the same time."""
        cells: dict[tuple[str, ...], Cell] = {}
        for differences, contracts in wanted:
            names = _names(differences)
            self.seen[names] = SwitchedOn(names)
            try:
                platform = experimental(self.options.platform, differences)
            except CannotSwitch as reason:
                self.seen[names] = SwitchedOn(names, problem=str(reason))
                continue
            if contracts:
                cells[names] = replace(self._plain, platform=platform, probes=tuple(contracts))
        results = self._run([*beside, *cells.values()], keeper)[len(beside) :]
        self.seen |= {names: seen_in(names, result) for names, result in zip(cells, results, strict=True)}

    def _first(self, difference: Difference, touched_by_it: Sequence[str], kept: Sequence[Probe]) -> list[str]:
        """Of the contracts that it can touch, those that it would break first, and what a system breaks that has it."""
        broken = {id for each in self.seen.values() if difference.name in each.differences for id in each.broken_ids}
        first = {*nearest([difference], kept), *broken}
        return [each for each in touched_by_it if each in first] or list(touched_by_it[:1])

    def _one_by_one(self, contracts: Wanted) -> None:
        """Each difference alone with its contracts, as long as there is time; first those of systems that break it."""
        broken = {name for each in self.seen.values() if each.broken for name in each.differences}
        wanted = [each for each in self.options.known if (each.name,) not in self.seen]
        self._see([((each,), ()) for each in wanted if not contracts[each.name,]])
        waiting = sorted((each for each in wanted if contracts[each.name,]), key=lambda each: each.name not in broken)
        while waiting and self._has_time:
            now, waiting = self._next(waiting, AT_A_TIME)
            self._see([((each,), contracts[each.name,]) for each in now])
        self.seen |= {(each.name,): SwitchedOn((each.name,), problem=NO_TIME) for each in waiting}

    @property
    def _has_time(self) -> bool:
        return time.monotonic() - self.started < self.options.seconds

    def _next(self, waiting: list[T], for_each_job: int) -> tuple[list[T], list[T]]:
        """What is next, and what is left then."""
        number = for_each_job * self.pool.jobs
        return waiting[:number], waiting[number:]

    def _confirm(self) -> None:
        """What broke is run once more, with them and without; what does not repeat is flaky."""
        suspects = {names: each for names, each in self.seen.items() if each.broken and not each.confirmed}
        if not suspects:
            return
        all_of_them = tuple(dict.fromkeys(name for each in suspects.values() for name in each.broken_ids))
        again = [self._cell(names, each.broken_ids) for names, each in suspects.items()]
        without, *results = self._run([replace(self._plain, probes=all_of_them), *again])
        for (names, each), result in zip(suspects.items(), results, strict=True):
            self.seen[names] = confirmed(each, result, without)

    def _causes(self, own: Sequence[Difference], until: float) -> tuple[Because, ...]:
        """The fewest differences of a system for each of the first contracts that break under all of them."""
        whole = self.seen.get(_names(own))
        return tuple(self._because(own, probe, until) for probe in whole.broken[:CAUSES]) if whole else ()

    def _because(self, own: Sequence[Difference], probe: Probe, until: float) -> Because:
        names = _names(own)
        if guilty := [name for name in names if probe.id in self.seen[name,].broken_ids]:
            return Because(probe, (guilty[0],), True)
        for (_, contract), known in self.because.items():
            if contract == probe.id and known.minimal and {*known.differences} <= {*names}:
                return replace(known, probe=probe)  # another system's, and the server does not know which that is
        least, minimal = narrow(
            names, likely_for(probe, own), lambda sets: self._breaks(sets, probe), until, self.pool.jobs
        )
        self.because[names, probe.id] = Because(probe, least, minimal)
        return self.because[names, probe.id]

    def _breaks(self, sets: Sequence[Subset], probe: Probe) -> dict[Subset, bool]:
        results = self._run([self._cell(sorted(each), (probe.id,)) for each in sets])
        return {each: bool(result.failures) for each, result in zip(sets, results, strict=True)}

    def _rest(self, can_touch: Wanted, quick: Wanted, contracts: tuple[str, ...]) -> None:
        """What those contracts say that had to wait; with --quick there are none but the `quick` ones. What was wanted
        and not tried is marked.
        """
        wanted = quick
        if not self.options.quick:
            self._go_on(can_touch)
            wanted = {names: contracts for names in can_touch}
            self._go_on(wanted)
        for names, some in wanted.items():
            seen = self.seen[names]
            complete = seen.state == "not tried" or all(each in seen.contracts for each in some)
            self.seen[names] = replace(seen, complete=complete)

    def _go_on(self, wanted: Wanted) -> None:
        """The others of these contracts with each of these differences, as long as there is time."""
        waiting = in_parts({names: self._left(names, contracts) for names, contracts in wanted.items()})
        while waiting and self._has_time:
            now, waiting = self._next(waiting, 1)
            results = self._run([self._cell(names, part) for names, part in now])
            for (names, _), result in zip(now, results, strict=True):
                self.seen[names] = self.seen[names] + seen_in(names, result)
            self._confirm()
            waiting = [(names, part) for names, part in waiting if self._left(names, part)]

    def _left(self, names: tuple[str, ...], contracts: Sequence[str]) -> list[str]:
        """Those that were not tried and can be: what breaks already is not asked for more."""
        seen = self.seen[names]
        return [each for each in contracts if each not in seen.contracts] if seen.state in ("kept", "untouched") else []

    def _cell(self, names: Iterable[str], contracts: tuple[str, ...]) -> Cell:
        chosen = [each for each in self.options.known if each.name in set(names)]
        return replace(self._plain, platform=experimental(self.options.platform, chosen), probes=contracts)

    def _run(
        self, cells: Sequence[Cell], keeper: Keeper = NOBODY, suite: SuiteOptions | None = None
    ) -> list[CellResult]:
        return self.pool.run(cells, suite or self.suite, watcher=self.watcher, keeper=keeper)


def _any_of(
    touched_by: Mapping[str, Sequence[str]], differences: Iterable[Difference], contracts: Sequence[str]
) -> list[str]:
    """The contracts that any of the differences can touch."""
    some = {contract for each in differences for contract in touched_by[each.name]}
    return [each for each in contracts if each in some]


def _names(differences: Iterable[Difference]) -> tuple[str, ...]:
    return tuple(each.name for each in differences)
