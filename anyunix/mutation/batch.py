"""All cells of mutation testing on one platform: one start, one archive, one build, and pytest loaded once."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import msgspec

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.base import Completed, Driver
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from anyunix.host.scratch import scratch
from anyunix.host.unexpected import unexpected, whole_story
from anyunix.mutation.batch_payload import (
    BUILD_FILE,
    BUILD_SCRIPT,
    RESULTS,
    TURNS_FILE,
    TURNS_SCRIPT,
    CellCopy,
    by_name,
    write_batch,
)
from anyunix.mutation.counter import CellCounter
from anyunix.payload.archive import SITE, SUITE
from anyunix.payload.supervised import NAMED, ask, last_words, run_supervised
from anyunix.results.consequences import resolve
from anyunix.results.junit import BadResults, read_junit
from anyunix.results.model import BUILDS, Artifacts, CellResult, Probe, Status
from anyunix.results.repeats import merge_repeats
from anyunix.run.building import (
    BUILD_SECONDS,
    Toolchain,
    compiler_of,
    cross_build,
    cross_helpers,
    cross_objects,
    look_at,
    why_not_built,
)
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.emulator_limits import leave_out
from anyunix.run.exhausted import exhausted
from anyunix.run.matrix import Keeper
from anyunix.run.planned import AUTOLOAD_OFF, deviation, only
from anyunix.run.switch_on import SWITCH_ON, switch_on
from anyunix.run.unfinished import why_unfinished

T = TypeVar("T")
TURNS_SECONDS = 3600.0
"""For all turns of a platform. Each has its own, shorter time: this is for a platform that hangs."""
RESULTS_LIMIT = 64 * 1024 * 1024
"""Bytes of all turns' results that are read at most."""


class Built(msgspec.Struct, frozen=True):
    """What suite/build_copies.py answers about one copy."""

    status: int
    said: str
    timed_out: bool


class TurnEnded(msgspec.Struct, frozen=True):
    """What suite/run_turns.py answers about one turn."""

    turn: int
    status: int
    timed_out: bool
    junit: str
    said: str
    seconds: float
    left_behind: tuple[str, ...]


class TurnLine(msgspec.Struct, frozen=True):
    """What it prints when one has ended."""

    turn: int


@dataclass(frozen=True)
class Answers:
    """What came of turns that ran side by side."""

    asked: frozenset[int]
    """The numbers of the cells."""
    ended: Mapping[int, TurnEnded]
    broken: str
    """Why not all came back; empty where they did."""

    def of(self, number: int) -> TurnEnded:
        """Raises PlatformError for a cell that did not come back."""
        if number not in self.ended:
            raise PlatformError(f"it did not come back{f': {self.broken}' if self.broken else ''}")
        return self.ended[number]


class Batch:
    """Runs the cells of one platform once. A cell that breaks costs no other its result."""

    def __init__(
        self,
        platform: Platform,
        cells: Sequence[Cell],
        originals: Mapping[str, Subject],
        driver: Driver,
        options: SuiteOptions,
        turns: int,
        counter: CellCounter,
        keeper: Keeper,
    ) -> None:
        """`originals` are the subjects without a fault, by name; `turns` is how many cells run side by side there."""
        self._platform, self._cells, self._originals, self._driver = platform, cells, originals, driver
        self._options, self._turns, self._counter, self._keeper = options, turns, counter, keeper
        self._results: dict[int, CellResult] = {}
        self._artifacts = {number: Artifacts() for number in range(len(cells))}
        self._toolchains: dict[str, Toolchain | NotRun] = {}
        """By subject; or why none of its cells can run."""
        self._counted: set[int] = set()

    def run(self) -> list[CellResult]:
        """The cells' results, in their order. Never raises for what a platform or a subject does."""
        try:
            try:
                self._run()
            finally:
                self._driver.down()
        except NotRun as reason:
            self._rest("not-run", str(reason))
        except (PlatformError, BadResults) as error:
            self._rest("error", str(error))
        except ConfigurationError:
            raise  # the user's
        except Exception as error:  # a library's, or our own: the other platforms go on
            self._rest("error", unexpected(error), whole_story(error))
        return [self._results[number] for number in range(len(self._cells))]

    def _run(self) -> None:
        if reason := self._driver.available():
            raise NotRun(reason)
        collected = self._options.plans.begin(self._options.suite, self._options.expression)
        self._driver.up(self._say)
        self._look()
        copies = self._copies()
        if not copies:
            return
        self._send(copies)
        copies = self._build(copies)
        self._probe(copies, collected.result())

    def _look(self) -> None:
        """What the platform has for each subject. Raises PlatformError."""
        for name, original in self._originals.items():
            try:
                self._toolchains[name] = look_at(self._driver, self._platform, original)
            except NotRun as reason:
                self._toolchains[name] = reason

    def _copies(self) -> list[CellCopy]:
        """What is to be made there, with what was built here; the cells that cannot be get their result."""
        copies = [self._or_result(n, partial(self._copy, n, cell)) for n, cell in enumerate(self._cells)]
        return [copy for copy in copies if copy is not None]

    def _copy(self, number: int, cell: Cell) -> CellCopy:
        """Raises NotRun, PlatformError."""
        found, original = self._toolchain(cell), self._originals[cell.subject.name]
        built = cross_build(found, self._platform, cell.subject, cell.build, self._options.cross_builds, self._say)
        return CellCopy(number, cell, original, built if found.missing else None)

    def _send(self, copies: Sequence[CellCopy]) -> None:
        options, toolchain = self._options, self._toolchain(copies[0].cell)
        with scratch() as folder:
            helpers = cross_helpers(toolchain, self._platform, options.suite, options.cross_builds, self._say)
            helpers |= cross_objects(toolchain, self._platform, options.cross_builds, self._say)
            archive = folder / "payload.tar"
            seconds = options.seconds * self._platform.slowness
            write_batch(archive, options.suite, copies, helpers, seconds, self._turns)
            self._driver.put(archive)
        if self._platform.switched_on:
            switch_on(self._driver, self._platform.slowness)

    def _build(self, copies: Sequence[CellCopy]) -> list[CellCopy]:
        """Make and build the copies; those that are there then."""
        names = by_name(copies)
        answers = ask(
            self._driver,
            self._platform.name,
            tuple[Built, ...],
            ["python3", "-S", str(BUILD_SCRIPT), str(BUILD_FILE)],
            BUILD_SECONDS * self._platform.slowness * (1 + len(names) / 4),
            (SITE,),
        )
        if len(answers) != len(names):
            raise BadResults(f"{len(answers)} answers about {len(names)} copies")
        built = dict(zip(names, answers, strict=True))
        for copy in copies:
            answer = built[copy.name]
            self._log(copy.number, shlex.join(copy.build), answer.said)
            if answer.status or answer.timed_out:
                done = Completed(answer.status, "", answer.said, answer.timed_out)
                failed = Probe(BUILDS, "contract", "failed", why_not_built(copy.cell.subject, done))
                self._done(copy.number, replace(self._ran(copy.cell), probes=(failed,)))
        return [copy for copy in copies if copy.number not in self._results]

    def _probe(self, copies: Sequence[CellCopy], collected: Sequence[str]) -> None:
        """Each cell's probes, as often as asked for, and its result. On a platform with differences those that measure
        run apart, under the differences themselves; else only a server does.
        """
        facts = self._options.plans.facts(self._options.suite) if self._platform.switched_on else frozenset[str]()
        measuring = [copy for copy in copies if not facts.isdisjoint(copy.cell.probes)]
        rounds: list[list[Answers]] = []
        for number in range(1, self._options.repeat + 1):
            measured = [self._turns_of(measuring, "fact", last=False)] if measuring else []
            kind, last = "contract" if facts else "", number == self._options.repeat
            rounds.append([*measured, self._turns_of(copies, kind, last=last)])
        for copy in copies:
            self._judge(copy, rounds, collected)

    def _turns_of(self, copies: Sequence[CellCopy], kind: str, *, last: bool) -> Answers:
        """Each cell's probes of a kind once, or all of them where it is empty."""
        wanted = {copy.number for copy in copies}
        left_out = [str(number) for number in self._artifacts if number not in wanted]
        under = ["python3", str(SWITCH_ON)] if kind == "fact" else []

        def line(text: str) -> None:
            ended = _decoded(text.encode(), TurnLine)
            if last and ended is not None and ended.turn in wanted:
                self._count(ended.turn)

        done = run_supervised(
            self._driver,
            [*under, "env", AUTOLOAD_OFF, "python3", "-S", str(TURNS_SCRIPT), str(TURNS_FILE), str(RESULTS), *left_out],
            TURNS_SECONDS * self._platform.slowness,
            python_path=(SITE, SUITE),
            environment={"ANYUNIX_SLOWNESS": str(self._platform.slowness), "ANYUNIX_KIND": kind},
            say=line,
        )
        answers: dict[int, TurnEnded] = {}
        for row in self._driver.get(RESULTS, limit=RESULTS_LIMIT).splitlines():
            ended = _decoded(row, TurnEnded)
            if ended is not None:
                answers.setdefault(ended.turn, ended)
        broken = done.timed_out or done.status or any(ended.timed_out or ended.status > 1 for ended in answers.values())
        reasons = [exhausted(self._driver, self._platform) if broken else "", last_words(done) if done.status else ""]
        return Answers(frozenset(wanted), answers, "; ".join(filter(None, reasons)))

    def _judge(self, copy: CellCopy, rounds: Iterable[Sequence[Answers]], collected: Sequence[str]) -> None:
        """The result of a cell, from what its turns answered."""

        def judged() -> CellResult:
            seconds, left, runs = 0.0, list[str](), list[tuple[Probe, ...]]()
            for parts in rounds:
                probes: tuple[Probe, ...] = ()
                for answers in (part for part in parts if copy.number in part.asked):
                    ended = answers.of(copy.number)
                    self._log(copy.number, f"pytest {' '.join(copy.cell.probes)}", ended.said)
                    probes += self._probes(copy, ended, answers.broken)
                    seconds, left = seconds + ended.seconds, [*left, *ended.left_behind]
                if reason := deviation(only(collected, copy.cell.probes), (probe.id for probe in probes)):
                    raise BadResults(reason)
                runs.append(leave_out(probes, self._platform.emulator_limits, self._platform.emulator))
            return replace(
                self._ran(copy.cell),
                probes=resolve(merge_repeats(runs)),
                seconds=seconds,
                left_behind=tuple(left)[:NAMED],
            )

        if (result := self._or_result(copy.number, judged)) is not None:
            self._done(copy.number, result)

    def _probes(self, copy: CellCopy, ended: TurnEnded, broken: str) -> tuple[Probe, ...]:
        """Raises PlatformError, BadResults."""
        done = Completed(ended.status, ended.said, "", ended.timed_out)
        if reason := why_unfinished(done, self._options.seconds * self._platform.slowness):
            raise PlatformError("; ".join(filter(None, [broken, reason.removesuffix(": ")])))
        if not ended.junit:
            raise BadResults("it wrote no results, or too many to be read")
        artifacts, junit = self._artifacts[copy.number], ended.junit.encode()
        self._artifacts[copy.number] = replace(artifacts, junit=(*artifacts.junit, junit))
        return read_junit(junit)

    def _or_result(self, number: int, do: Callable[[], T]) -> T | None:
        """What `do` gives; None when it does not, and the cell has its result from that."""
        try:
            return do()
        except NotRun as reason:
            self._done(number, self._cells[number].result("not-run", str(reason)))
        except (PlatformError, BadResults) as error:
            self._done(number, self._cells[number].result("error", str(error)))
        return None

    def _ran(self, cell: Cell) -> CellResult:
        compiler = compiler_of(self._toolchain(cell), self._platform, cell.subject)
        return replace(cell.result("ran"), compiler=compiler)

    def _toolchain(self, cell: Cell) -> Toolchain:
        """Raises NotRun."""
        found = self._toolchains[cell.subject.name]
        if isinstance(found, NotRun):
            raise found
        return found

    def _rest(self, status: Status, reason: str, log: str = "") -> None:
        """The same result for all cells that have none."""
        for number, cell in enumerate(self._cells):
            if number not in self._results:
                self._log(number, "", log)
                self._done(number, cell.result(status, reason))

    def _done(self, number: int, result: CellResult) -> None:
        self._results[number] = result
        self._keeper.keep(result, self._artifacts[number])
        self._count(number)

    def _count(self, number: int) -> None:
        if number not in self._counted:
            self._counted.add(number)
            self._counter.done()

    def _log(self, number: int, command: str, said: str) -> None:
        artifacts = self._artifacts[number]
        line = f"$ {command}\n" if command else ""
        self._artifacts[number] = replace(artifacts, log=f"{artifacts.log}{line}{said}")

    def _say(self, text: str) -> None:
        self._counter.says(self._platform.name, text)


def _decoded(line: bytes, kind: type[T]) -> T | None:
    """A line from the platform; None for one that is no such answer, or is cut off."""
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
