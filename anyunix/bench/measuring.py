"""An experiment from its options to its tables: programs built, each run measured or taken from the journal."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from anyunix.bench.bench_report import differences_on, report_paper, run_line
from anyunix.bench.chat_report import chat_run_line, report_chat
from anyunix.bench.chat_runs import ChatScale, chat_points
from anyunix.bench.journal import AnyRun, append, read_journal
from anyunix.bench.progress import Watch
from anyunix.bench.remote.chat_run import BARE, ChatMeasured, ChatPoint
from anyunix.bench.remote.experiment import Measured, Point
from anyunix.bench.remote.programs import CHAT_LOADS, LOADS, Source
from anyunix.bench.schedule import Scale, points
from anyunix.bench.testbed import Testbed, staged
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.registry import Drivers
from anyunix.drivers.vagrant.machines import Machines
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from anyunix.text import first_line

AnyPoint = TypeVar("AnyPoint", Point, ChatPoint)


@dataclass(frozen=True)
class BenchOptions:
    """What is measured, and where."""

    platform: Platform
    servers: tuple[Source, ...]
    scale: Scale | ChatScale
    """How much; of the paper's experiment, or of the chat server's."""
    cpus: int
    """For the server."""
    out: Path
    """Where the results go; a run that is in its journal already is not measured again."""

    @property
    def differences(self) -> tuple[str, ...]:
        """The names of those that are on in the servers."""
        return tuple(each.name for each in self.platform.switched_on)


def choose_servers(names: Sequence[str], sources: Sequence[Source]) -> tuple[Source, ...]:
    """The servers of these names; all of them without a name. Raises ConfigurationError."""
    known = {source.name: source for source in sources}
    for name in names:
        if name not in known:
            raise ConfigurationError(f"--servers {name}: no such server; known: {', '.join(known)}")
    return tuple(known[name] for name in names) or tuple(sources)


def run_bench(options: BenchOptions, catalog: Catalog, console: Console) -> bool:
    """Build, measure, report; whether each server that could be built has a valid run.

    Raises ConfigurationError, NotRun, PlatformError.
    """
    if isinstance(options.scale, ChatScale):
        return _chat(options, options.scale, catalog, console)
    return _paper(options, options.scale, catalog, console)


def _paper(options: BenchOptions, scale: Scale, catalog: Catalog, console: Console) -> bool:
    file, measured = options.out / "runs.jsonl", list[Measured]()
    journal = read_journal(file, Measured, options.differences)
    with _testbed(options, LOADS, catalog, console) as (testbed, names), _what_is_left(measured):
        for run in _measure_all(points(names, scale), journal, testbed.measure, run_line, file, console):
            measured.append(run)
    report_paper(console, measured, testbed.name, testbed.inventory, options.out)
    return _all_valid(names, measured)


def _chat(options: BenchOptions, scale: ChatScale, catalog: Catalog, console: Console) -> bool:
    file, measured = options.out / "chat-runs.jsonl", list[ChatMeasured]()
    journal, bare = read_journal(file, ChatMeasured, options.differences), None
    with _testbed(options, CHAT_LOADS, catalog, console) as (testbed, names), _what_is_left(measured):
        bare = testbed.bare_costs() if testbed.command(BARE) else None
        for run in _measure_all(chat_points(names, scale), journal, testbed.measure_chat, chat_run_line, file, console):
            measured.append(run)
    report_chat(console, measured, bare, testbed.name, testbed.inventory, options.out)
    return _all_valid(names, measured)


@contextmanager
def _testbed(
    options: BenchOptions, loads: Sequence[Source], catalog: Catalog, console: Console
) -> Iterator[tuple[Testbed, list[str]]]:
    """The platform, and the servers that are available there. Raises NotRun, PlatformError."""
    driver = Drivers(Machines(dict(os.environ))).for_platform(options.platform)
    with staged(options.platform, driver, catalog, [*options.servers, *loads], options.cpus) as testbed:
        if testbed.inventory.differences:
            console.print(differences_on(testbed.inventory), soft_wrap=True)
        for line in testbed.inventory.left_out:
            console.print(Text(f"anyunix: {first_line(line)}", "yellow"), soft_wrap=True)
        if testbed.inventory.lacking:
            raise NotRun(testbed.inventory.lacking)
        if not testbed.command(loads[0].name):
            raise NotRun("without the load generator nothing can be measured")
        names = [source.name for source in options.servers if testbed.command(source.name)]
        if not names:
            raise NotRun("none of the servers is available")
        yield testbed, names


@contextmanager
def _what_is_left(measured: Sequence[object]) -> Iterator[None]:
    """A platform that is lost on the way leaves what was measured until then. Raises PlatformError without any."""
    try:
        yield
    except PlatformError as error:
        if not measured:
            raise
        print(f"anyunix: not all was measured: {first_line(str(error))}", file=sys.stderr)


def _measure_all(
    wanted: "Sequence[AnyPoint]",
    done: "dict[Point | ChatPoint, AnyRun]",
    measure: "Callable[[AnyPoint], AnyRun]",
    line: "Callable[[AnyRun], str]",
    file: Path,
    console: Console,
) -> "Iterator[AnyRun]":
    """Each run; what is in the journal is taken from there. Raises PlatformError."""
    fresh = [point for point in wanted if point not in done]
    with Watch(console, len(fresh), fresh[0].seconds if fresh else 0.0) as watch:
        for point in wanted:
            if point not in done:
                watch.begins(point.server)
                done[point] = measure(point)
                append(file, done[point])
                watch.done(line(done[point]), not done[point].invalid)
            yield done[point]


def _all_valid(names: Sequence[str], measured: Sequence[Measured] | Sequence[ChatMeasured]) -> bool:
    return {run.point.server for run in measured if not run.invalid} == set(names)
