"""A server is run under every difference alone, under all of a system together, and what breaks is narrowed down."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from anyunix.analysis.ddmin import Subset
from anyunix.catalog.difference import Difference, System, of_system
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import CannotSwitch, experimental
from anyunix.differences.narrowing import likely_for, narrow
from anyunix.differences.outcomes import Because, SwitchedOn, Tryout, confirmed, seen_in
from anyunix.differences.touching import called_in, touched
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from anyunix.results.model import ONLY_WHEN_BROKEN, CellResult, Matrix, Probe
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.kept import KeptPlatforms
from anyunix.run.matrix import NOBODY, Keeper, Watcher, run_cells
from anyunix.run.rerun import REPRESENTATIVE, Records
from anyunix.run.start import never_started
from anyunix.text import first_line

CAUSES = 3
"""Contracts that break under a whole system and are narrowed down at most."""
SECONDS, NARROWING_SECONDS = 60, 40.0
"""After so many nothing is begun that can wait; for narrowing down all that breaks under one system."""
TRACED = 2
"""Contracts of each group that are run again under a tracer: the quickest."""


@dataclass(frozen=True)
class TryOptions:
    """What is tried, and how."""

    subject: Subject
    platform: Platform
    bind: str
    known: tuple[Difference, ...]
    systems: tuple[System, ...]
    """Whose differences are also tried together."""
    jobs: int
    seconds: float = SECONDS
    quick: bool = False
    """Only what the differences can touch."""


def try_out(options: TryOptions, suite: SuiteOptions, watcher: Watcher = NOBODY) -> Tryout:
    """Try them. Raises ConfigurationError for a subject that does not start, NotRun and PlatformError when the platform
    cannot run it as it is.
    """
    with suite.cross_builds, KeptPlatforms(Drivers().for_platform) as kept:
        return _Trials(options, suite, kept, watcher).all()


@dataclass
class _Trials:
    """One tryout as it goes on."""

    options: TryOptions
    suite: SuiteOptions
    kept: KeptPlatforms
    watcher: Watcher
    started: float = field(default_factory=time.monotonic)
    seen: dict[tuple[str, ...], SwitchedOn] = field(default_factory=dict)
    """Differences that were on together -> what came of it."""
    because: dict[tuple[tuple[str, ...], str], Because] = field(default_factory=dict)
    """All that were on, and a contract that broke then -> the fewest that break it."""

    def all(self) -> Tryout:
        options = self.options
        reference = self._reference()
        kept = [probe for probe in reference.kept() if probe.id not in ONLY_WHEN_BROKEN]
        if not kept:
            raise NotRun(f"{options.subject.name} keeps no contract on {options.platform.name} as it is")
        contracts = tuple(probe.id for probe in kept)
        together = {system: of_system(options.known, system) for system in options.systems}
        called = self._called_and_seen(kept, [own for own in together.values() if own], contracts)
        first = {each.name: touched(each, called, contracts) for each in options.known}
        self._see([((each,), first[each.name]) for each in options.known if (each.name,) not in self.seen])
        self._confirm()
        causes = {system: self._causes(own) for system, own in together.items()}
        self._rest({name: [each for each in contracts if each not in first[name]] for name in first})
        return Tryout(
            options.subject.name,
            options.platform.name,
            options.bind,
            options.known,
            options.systems,
            contracts,
            tuple(probe.id for probe in reference.failures),
            {each.name: self.seen[each.name,] for each in options.known},
            {system: self.seen[_names(own)] for system, own in together.items() if own},
            causes,
            time.monotonic() - self.started,
        )

    @property
    def _plain(self) -> Cell:
        return Cell(self.options.subject, self.options.platform, self.options.bind)

    def _reference(self) -> CellResult:
        """The server without any difference. Raises ConfigurationError, NotRun, PlatformError."""
        self.suite.facts.claim(self.options.platform.name)  # for nobody: contracts alone are asked for
        result = self._run([self._plain])[0]
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
        self, kept: Sequence[Probe], systems: Sequence[Sequence[Difference]], contracts: tuple[str, ...]
    ) -> Mapping[str, frozenset[str]]:
        """All differences of each system together; beside that, which calls the server makes in quick contracts."""
        chosen = to_trace(kept)
        traced, records = replace(self._plain, probes=chosen, tool="trace"), Records()
        self._see([(own, contracts) for own in systems], [traced] if chosen else [], records)
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

    def _causes(self, own: Sequence[Difference]) -> tuple[Because, ...]:
        """The fewest differences of a system for each of the first contracts that break under all of them."""
        until = time.monotonic() + NARROWING_SECONDS
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
            names, likely_for(probe, own), lambda sets: self._breaks(sets, probe), until, self.options.jobs
        )
        self.because[names, probe.id] = Because(probe, least, minimal)
        return self.because[names, probe.id]

    def _breaks(self, sets: Sequence[Subset], probe: Probe) -> dict[Subset, bool]:
        results = self._run([self._cell(sorted(each), (probe.id,)) for each in sets])
        return {each: bool(result.failures) for each, result in zip(sets, results, strict=True)}

    def _rest(self, rest: Mapping[str, Sequence[str]]) -> None:
        """The other contracts, as long as there is time; whose turn did not come is marked."""
        rest = {name: [each for each in more if each not in self.seen[name,].contracts] for name, more in rest.items()}
        waiting = [name for name, more in rest.items() if more and self.seen[name,].state in ("kept", "untouched")]
        while waiting and not self.options.quick and time.monotonic() - self.started < self.options.seconds:
            names, waiting = waiting[: self.options.jobs], waiting[self.options.jobs :]
            results = self._run([self._cell((name,), tuple(rest[name])) for name in names])
            for name, result in zip(names, results, strict=True):
                self.seen[name,] = self.seen[name,] + seen_in((name,), result)
            self._confirm()
        for name in waiting:
            self.seen[name,] = replace(self.seen[name,], complete=False)

    def _cell(self, names: Iterable[str], contracts: tuple[str, ...]) -> Cell:
        chosen = [each for each in self.options.known if each.name in set(names)]
        return replace(self._plain, platform=experimental(self.options.platform, chosen), probes=contracts)

    def _run(self, cells: Sequence[Cell], keeper: Keeper = NOBODY) -> list[CellResult]:
        return run_cells(
            list(cells), self.kept.for_platform, self.suite, jobs=self.options.jobs, watcher=self.watcher, keeper=keeper
        )


def to_trace(kept: Sequence[Probe]) -> tuple[str, ...]:
    """Contracts that show which calls a server makes: it starts, serves and ends, and the quickest of each group."""
    quickest = sorted(kept, key=lambda each: each.seconds)
    groups = dict.fromkeys(each.group for each in kept)
    chosen = [each.id for group in groups for each in [each for each in quickest if each.group == group][:TRACED]]
    return tuple(dict.fromkeys([*(each.id for each in kept if each.id in REPRESENTATIVE), *chosen]))


def _names(differences: Iterable[Difference]) -> tuple[str, ...]:
    return tuple(each.name for each in differences)
