"""`anyunix bench`: the paper's experiment, and the chat server's own benchmark, on any platform."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from anyunix.bench import chat_runs
from anyunix.bench.bench_report import report_paper
from anyunix.bench.chat_report import report_chat
from anyunix.bench.journal import append, read_journal
from anyunix.bench.progress import Watch
from anyunix.bench.remote.chat_run import BARE, ChatMeasured, ChatPoint
from anyunix.bench.remote.experiment import Measured, Point
from anyunix.bench.remote.programs import CHAT_LOADS, CHATS, LOADS, SERVERS, Source
from anyunix.bench.schedule import FEW, PAPERS, QUICK, SIZES, Scale, points
from anyunix.bench.testbed import Testbed, staged
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.commands.common import a_path, check_writable, console_for_reports, count, once
from anyunix.drivers.registry import Drivers
from anyunix.drivers.vagrant.machines import Machines
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN, ConfigurationError, NotRun, PlatformError
from anyunix.text import first_line

AnyPoint = TypeVar("AnyPoint", Point, ChatPoint)
AnyRun = TypeVar("AnyRun", Measured, ChatMeasured)


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `bench` and its options."""
    bench = commands.add_parser(
        "bench",
        help="the paper's experiment: the CPU cost of a process per connection, against goroutines and loops",
        epilog="Exit status: 0 done, 1 no run of some server was valid, 2 usage error, 3 nothing can be measured.",
    )
    bench.add_argument(
        "experiment",
        nargs="?",
        choices=("paper", "chat"),
        default="paper",
        help="the paper's, or the chat server's own: throughput, latency, cost (default: paper)",
    )
    bench.add_argument("--quick", action="store_true", help="a few connections and seconds: under three minutes")
    bench.add_argument(
        "--platform",
        default="local",
        metavar="NAME",
        help="a platform's name or file, or ssh://user@host (default: this machine)",
    )
    bench.add_argument(
        "--servers",
        action="append",
        default=[],
        metavar="NAME",
        help=f"of {_names(SERVERS)}; for chat of {_names(CHATS)} (default: all); repeatable",
    )
    bench.add_argument(
        "--connections",
        type=_numbers,
        default=PAPERS,
        metavar="1,2,…",
        help="or clients (default: the paper's, 1 to 64)",
    )
    bench.add_argument(
        "--bytes",
        type=_numbers,
        default=SIZES,
        metavar="8,…",
        dest="sizes",
        help=f"bytes a write, at the most connections, below 128 bytes at {FEW} (default: {','.join(map(str, SIZES))})",
    )
    bench.add_argument("--duration", type=count, default=60, metavar="SECONDS", help="of a run (default: %(default)s)")
    bench.add_argument(
        "--repeat",
        type=count,
        default=1,
        metavar="N",
        help="runs of each; from 2 on there are 95 %% intervals (default: %(default)s)",
    )
    bench.add_argument(
        "--cpus",
        type=count,
        default=1,
        metavar="N",
        help="for the server; the load has the others (default: %(default)s, as in the paper)",
    )
    bench.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out/bench"),
        metavar="DIR",
        help="where the results go, into a folder named as the platform; what is there already is not "
        "measured again (default: %(default)s)",
    )
    bench.set_defaults(command=bench_command)


def bench_command(arguments: argparse.Namespace) -> int:
    """Build, measure, report; the exit status. Raises ConfigurationError."""
    catalog = find_catalog()
    platform = catalog.platform(arguments.platform)
    out: Path = arguments.out / platform.name
    check_writable(out)
    experiment = _chat if arguments.experiment == "chat" else _paper
    try:
        return experiment(arguments, catalog, platform, out)
    except (NotRun, PlatformError) as error:
        print(f"anyunix: {platform.name}: not run: {first_line(str(error))}", file=sys.stderr)
        return EXIT_NOT_RUN


def _paper(arguments: argparse.Namespace, catalog: Catalog, platform: Platform, out: Path) -> int:
    """Raises ConfigurationError, NotRun, PlatformError."""
    sources = _chosen(arguments.servers, SERVERS)
    scale = (
        QUICK
        if arguments.quick
        else Scale(arguments.connections, float(arguments.duration), arguments.sizes, arguments.repeat)
    )
    file, console, measured = out / "runs.jsonl", console_for_reports(), list[Measured]()
    journal = read_journal(file, Measured)
    with _stage(catalog, platform, sources, LOADS, arguments.cpus, console) as (stage, names), _what_is_left(measured):
        for run in _measure_all(points(names, scale), journal, stage.measure, _paper_line, file, console):
            measured.append(run)
    report_paper(console, measured, stage.name, stage.place, out, _paper_line)
    return _status(names, measured)


def _chat(arguments: argparse.Namespace, catalog: Catalog, platform: Platform, out: Path) -> int:
    """Raises ConfigurationError, NotRun, PlatformError."""
    sources = _chosen(arguments.servers, CHATS)
    scale = (
        chat_runs.QUICK
        if arguments.quick
        else chat_runs.ChatScale(arguments.connections, float(arguments.duration), arguments.repeat)
    )
    file, console, measured = out / "chat-runs.jsonl", console_for_reports(), list[ChatMeasured]()
    journal, bare = read_journal(file, ChatMeasured), None
    with (
        _stage(catalog, platform, sources, CHAT_LOADS, arguments.cpus, console) as (stage, names),
        _what_is_left(measured),
    ):
        bare = stage.bare_costs() if stage.command(BARE) else None
        for run in _measure_all(
            chat_runs.chat_points(names, scale), journal, stage.measure_chat, _chat_line, file, console
        ):
            measured.append(run)
    report_chat(console, measured, bare, stage.name, stage.place, out, _chat_line)
    return _status(names, measured)


@contextmanager
def _stage(
    catalog: Catalog,
    platform: Platform,
    sources: Sequence[Source],
    loads: Sequence[Source],
    cpus: int,
    console: Console,
) -> Iterator[tuple[Testbed, list[str]]]:
    """The platform, and the servers that could be had there. Raises NotRun, PlatformError."""
    driver = Drivers(Machines(dict(os.environ))).for_platform(platform)
    with staged(platform, driver, catalog, [*sources, *loads], cpus) as stage:
        for line in stage.place.left_out:
            console.print(Text(f"anyunix: {first_line(line)}", "yellow"), soft_wrap=True)
        if stage.place.lacking:
            raise NotRun(stage.place.lacking)
        if not stage.command(loads[0].name):
            raise NotRun("without the load generator nothing can be measured")
        names = [source.name for source in sources if stage.command(source.name)]
        if not names:
            raise NotRun("none of the servers can be had")
        yield stage, names


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


def _paper_line(run: Measured) -> str:
    point = run.point
    found = first_line(run.invalid) or f"{fmean(run.samples):.2f} %"
    return f"{point.server} {point.form}, {point.connections} connections, {point.write_bytes} bytes a write: {found}"


def _chat_line(run: ChatMeasured) -> str:
    point = run.point
    seconds = run.seconds or 1.0
    found = first_line(run.invalid) or f"{run.messages / seconds:.0f} messages/s, median {run.median_us:.0f} µs"
    how = f"{point.rate:g} messages a second" if point.rate else "as fast as they come back"
    return f"{point.server}, {point.clients} clients, {how}: {found}"


def _status(names: Sequence[str], measured: Sequence[Measured] | Sequence[ChatMeasured]) -> int:
    valid = {run.point.server for run in measured if not run.invalid}
    return EXIT_DONE if valid == set(names) else EXIT_FAILED


def _chosen(names: list[str], sources: Sequence[Source]) -> list[Source]:
    """Raises ConfigurationError."""
    known = {source.name: source for source in sources}
    for name in once(names):
        if name not in known:
            raise ConfigurationError(f"--servers {name}: no such server; known: {', '.join(known)}")
    return [known[name] for name in once(names)] or list(sources)


def _names(sources: Sequence[Source]) -> str:
    return ", ".join(source.name for source in sources)


def _numbers(text: str) -> tuple[int, ...]:
    """For argparse. Raises ArgumentTypeError."""
    return tuple(dict.fromkeys(count(part) for part in text.split(",")))
