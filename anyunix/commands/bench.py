"""`anyunix bench`: the paper's experiment, and the chat server's own benchmark, on any platform."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from anyunix.bench.chat_runs import QUICK_CHAT, ChatScale
from anyunix.bench.measuring import BenchOptions, choose_servers, run_bench
from anyunix.bench.remote.programs import CHATS, SERVERS, Source
from anyunix.bench.schedule import FEW, PAPERS, QUICK, SIZES, Scale
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.commands.common import a_path, check_writable, console_for_reports, count, once
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN, NotRun, PlatformError
from anyunix.text import first_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `bench`."""
    parser.epilog = "Exit status: 0 done, 1 no run of some server was valid, 2 usage error, 3 nothing can be measured."
    parser.add_argument(
        "experiment",
        nargs="?",
        choices=("paper", "chat"),
        default="paper",
        help="the paper's, or the chat server's own: throughput, latency, cost (default: paper)",
    )
    parser.add_argument("--quick", action="store_true", help="a few connections and seconds: under three minutes")
    parser.add_argument(
        "--platform",
        default="local",
        metavar="NAME",
        help="a platform's name or file, or ssh://user@host (default: this machine)",
    )
    parser.add_argument(
        "--servers",
        action="append",
        default=[],
        metavar="NAME",
        help=f"of {_names(SERVERS)}; for chat of {_names(CHATS)} (default: all); repeatable",
    )
    parser.add_argument(
        "--connections",
        type=_numbers,
        default=PAPERS,
        metavar="1,2,…",
        help="or clients (default: the paper's, 1 to 64)",
    )
    parser.add_argument(
        "--bytes",
        type=_numbers,
        default=SIZES,
        metavar="8,…",
        dest="sizes",
        help=f"bytes per write, at the most connections, below 128 at {FEW} (default: {','.join(map(str, SIZES))})",
    )
    parser.add_argument("--duration", type=count, default=60, metavar="SECONDS", help="of a run (default: %(default)s)")
    parser.add_argument(
        "--repeat",
        type=count,
        default=1,
        metavar="N",
        help="runs of each; from 2 on there are 95 %% intervals (default: %(default)s)",
    )
    parser.add_argument(
        "--cpus",
        type=count,
        default=1,
        metavar="N",
        help="for the server; the load has the others (default: %(default)s, as in the paper)",
    )
    parser.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out/bench"),
        metavar="DIR",
        help="where the results go, into a folder named as the platform; what is there already is not "
        "measured again (default: %(default)s)",
    )
    parser.set_defaults(command=bench_command)


def bench_command(arguments: argparse.Namespace) -> int:
    """Build, measure, report; the exit status. Raises ConfigurationError."""
    catalog = find_catalog()
    options = _options(arguments, catalog)
    check_writable(options.out)
    try:
        return EXIT_DONE if run_bench(options, catalog, console_for_reports()) else EXIT_FAILED
    except (NotRun, PlatformError) as error:
        print(f"anyunix: {options.platform.name}: not run: {first_line(str(error))}", file=sys.stderr)
        return EXIT_NOT_RUN


def _options(arguments: argparse.Namespace, catalog: Catalog) -> BenchOptions:
    """Raises ConfigurationError."""
    platform, seconds = catalog.platform(arguments.platform), float(arguments.duration)
    scale: Scale | ChatScale
    if arguments.experiment == "chat":
        servers = choose_servers(once(arguments.servers), CHATS)
        scale = QUICK_CHAT if arguments.quick else ChatScale(arguments.connections, seconds, arguments.repeat)
    else:
        servers = choose_servers(once(arguments.servers), SERVERS)
        scale = QUICK if arguments.quick else Scale(arguments.connections, seconds, arguments.sizes, arguments.repeat)
    return BenchOptions(platform, servers, scale, arguments.cpus, arguments.out / platform.name)


def _names(sources: Sequence[Source]) -> str:
    return ", ".join(source.name for source in sources)


def _numbers(text: str) -> tuple[int, ...]:
    """For argparse. Raises ArgumentTypeError."""
    return tuple(dict.fromkeys(count(part) for part in text.split(",")))
