"""`anyunix bench`: the paper's experiment, on this machine."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from anyunix.bench.experiment import Measured, Point, measure
from anyunix.bench.journal import FILE, append, read_journal
from anyunix.bench.servers import FORMS, SOURCES, Server, build_server, compile_c
from anyunix.bench.summary import summarize
from anyunix.bench.usage import PROC
from anyunix.catalog import find_catalog
from anyunix.commands.common import check_writable, console_for_reports, count, once
from anyunix.errors import ConfigurationError, PlatformError
from anyunix.report import bench as report
from anyunix.report.files import write_whole

EXIT_DONE, EXIT_INVALID, EXIT_NOT_RUN = 0, 1, 3
PAPERS = (1, 2, 4, 8, 16, 32, 64)
RATE = 1_000_000.0
"""Bits a second, for each connection."""
SIZES, SIZE = (128, 1250, 4096), 1250
"""Bytes a write: the axis, and the point on it that the table over connections has."""


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    connections: tuple[int, ...]
    seconds: float
    sizes: tuple[int, ...]
    repeats: int


QUICK = Scale((8, 64), 3.0, (128, 1250), 1)


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `bench` and its options."""
    bench = commands.add_parser(
        "bench", help="the paper's experiment: the CPU cost of a process per connection, against goroutines and loops",
        epilog="Exit status: 0 done, 1 no run of some server was valid, 2 usage error, 3 nothing can be measured here.")
    bench.add_argument("--quick", action="store_true", help="a few connections and seconds: about two minutes")
    bench.add_argument("--servers", action="append", default=[], metavar="NAME",
                       help=f"of {', '.join(source.name for source in SOURCES)} (default: all); repeatable")
    bench.add_argument("--connections", type=_numbers, default=PAPERS, metavar="1,2,…",
                       help="(default: the paper's, 1 to 64)")
    bench.add_argument("--bytes", type=_numbers, default=SIZES, metavar="128,…", dest="sizes",
                       help="bytes a write, at the most connections (default: 128,1250,4096)")
    bench.add_argument("--duration", type=count, default=60, metavar="SECONDS", help="of a run (default: %(default)s)")
    bench.add_argument("--repeat", type=count, default=1, metavar="N", help="runs of each (default: %(default)s)")
    bench.add_argument("--out", type=Path, default=Path("anyunix-out/bench"), metavar="DIR",
                       help="where the results go; what is there already is not measured again (default: %(default)s)")
    bench.set_defaults(command=bench_command)


def bench_command(arguments: argparse.Namespace) -> int:
    """Build, measure, report; the exit status. Raises ConfigurationError."""
    chosen = _chosen(arguments.servers)
    scale = QUICK if arguments.quick else Scale(arguments.connections, float(arguments.duration), arguments.sizes,
                                                arguments.repeat)
    if reason := _missing():
        print(f"anyunix: {reason}", file=sys.stderr)
        return EXIT_NOT_RUN
    check_writable(arguments.out)
    console = console_for_reports()
    with tempfile.TemporaryDirectory(prefix="anyunix-bench-") as name:
        servers, load = _built(Path(name), chosen, console)
        if not servers or load is None:
            return EXIT_NOT_RUN
        measured = _measure_all(points(servers, scale), servers, load, arguments.out / FILE, console)
    _report(console, measured, servers, arguments.out)
    valid = {run.point.server for run in measured if not run.invalid}
    return EXIT_DONE if valid == {server.name for server in servers} else EXIT_INVALID


def points(servers: Sequence[Server], scale: Scale) -> list[Point]:
    """Every run, the servers one after the other at each point, so that drift of the machine hits all alike."""
    most = max(scale.connections)
    loads = [(connections, SIZE) for connections in scale.connections]
    loads += [(most, size) for size in scale.sizes if size != SIZE]
    return [Point(server.name, form, connections, size, RATE, scale.seconds, repeat)
            for repeat in range(1, scale.repeats + 1) for connections, size in loads for form in FORMS
            for server in servers]


def _measure_all(wanted: list[Point], servers: Sequence[Server], load: Path, journal: Path,
                 console: Console) -> list[Measured]:
    """What is in the journal is taken from there."""
    done, by_name, found = read_journal(journal), {server.name: server for server in servers}, []
    cpus = sorted(os.sched_getaffinity(0))
    begun, fresh = time.monotonic(), [point for point in wanted if point not in done]
    for point in wanted:
        if point not in done:
            done[point] = measure(point, by_name[point.server], load, (cpus[0], cpus[1]))
            append(journal, done[point])
            fresh.remove(point)
            took = (time.monotonic() - begun) / max(1, len(wanted) - len(fresh))
            console.print(_line(done[point], len(fresh) * took), highlight=False)
        found.append(done[point])
    return found


def _line(run: Measured, left: float) -> str:
    point = run.point
    said = run.invalid or f"{sum(run.samples) / len(run.samples):.2f} %"
    return (f"{point.server} {point.form}, {point.connections} connections, {point.write_bytes} bytes a write: {said}; "
            f"{left / 60:.0f} min left")


def _built(folder: Path, chosen: list[str], console: Console) -> tuple[list[Server], Path | None]:
    """The servers that can be had, and the load generator; what cannot is said."""
    sources = find_catalog().root / "bench"
    servers = []
    for source in SOURCES:
        if source.name in chosen:
            try:
                servers.append(build_server(source, sources / "servers", folder))
            except PlatformError as error:
                console.print(f"anyunix: {error}", style="yellow")
    try:
        compile_c([str(sources / "load" / "load.c")], folder / "load")
    except (PlatformError, OSError) as error:
        print(f"anyunix: the load generator: {error}", file=sys.stderr)
        return servers, None
    return servers, folder / "load"


def _report(console: Console, measured: list[Measured], servers: Sequence[Server], out: Path) -> None:
    cells = summarize(measured)
    most = max((cell.point.connections for cell in cells), default=0)
    tables = [*((f"CPU of the server, % of one (σ/μ), {words}, {SIZE} bytes a write",
                 report.table_one(cells, form, SIZE)) for form, words in _forms()),
              (f"Over the bytes of a write, {most} connections", report.by_write_size(cells, most)),
              (f"What else it costs, {most} connections", report.costs(cells, most))]
    for title, rows in tables:
        report.print_rows(console, title, rows)
    invalid = [run for run in measured if run.invalid]
    for run in invalid:
        console.print(f"invalid, in no mean: {_line(run, 0).rpartition(';')[0]}", highlight=False, style="yellow")
    text = [f"# The paper's experiment\n\n{report.machine()}. {'; '.join(server.made_by for server in servers)}.\n",
            *(report.markdown(title, rows) for title, rows in tables)]
    write_whole(out / "bench.md", "\n".join(text).encode())
    write_whole(out / "samples.csv", report.as_csv(measured).encode())
    write_whole(out / "bench.json", report.as_json(measured, cells, [server.made_by for server in servers]))
    console.print(f"Details: {out}/bench.md, bench.json, samples.csv", highlight=False)


def _forms() -> Iterator[tuple[str, str]]:
    yield from zip(FORMS, ("as in the paper", "like for like"), strict=True)


def _chosen(names: list[str]) -> list[str]:
    known = [source.name for source in SOURCES]
    for name in once(names):
        if name not in known:
            raise ConfigurationError(f"--servers {name}: no such server; known: {', '.join(known)}")
    return once(names) or known


def _missing() -> str | None:
    """Why nothing can be measured here; None when it can."""
    if not (PROC / "self" / "schedstat").exists():
        return "bench reads CPU times from Linux's /proc/PID/schedstat, which is not here"
    if len(os.sched_getaffinity(0)) < 2:
        return "bench needs two CPUs, one for the server and one for the load; this machine gives it one"
    return None if shutil.which("taskset") else "no taskset on PATH: apt-get install util-linux (Debian)"


def _numbers(text: str) -> tuple[int, ...]:
    """For argparse. Raises ArgumentTypeError."""
    return tuple(dict.fromkeys(count(part) for part in text.split(",")))
