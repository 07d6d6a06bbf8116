"""Arguments in, exit code out, nothing else."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from anyunix import __version__
from anyunix.catalog import Catalog, Platform, Subject, find_catalog
from anyunix.cell import SUITE_SECONDS, Order
from anyunix.drivers import Drivers
from anyunix.errors import ConfigurationError
from anyunix.matrix import Matrix, cells_of, choose_reference, run_cells
from anyunix.probes import read_probes
from anyunix.report.files import OutFolder
from anyunix.report.live import LiveTable, PlainLines
from anyunix.report.terminal import print_report
from anyunix.verdict import EXIT_USAGE, exit_status, verdicts

EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """The command `anyunix`; its exit status."""
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended as by Ctrl-C: everything is removed
    try:
        return int(arguments.command(arguments))
    except ConfigurationError as error:
        print(f"anyunix: {error}", file=sys.stderr)
        return EXIT_USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter's last flush is quiet too
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        print("anyunix: interrupted; everything that was started is removed", file=sys.stderr, flush=True)
        os._exit(EXIT_INTERRUPTED)  # a thread in the middle of an image build would hold a normal exit up


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="anyunix", description="Does this server behave the same on every Unix, and where it does not, why?")
    parser.add_argument("--version", action="version", version=f"anyunix {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _run_parser(commands)
    listing = commands.add_parser("list", help="show the platforms, subjects or probes there are")
    listing.add_argument("what", choices=("platforms", "subjects", "probes"))
    listing.set_defaults(command=_list)
    return parser


def _run_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser(
        "run", help="run the suite for subjects on platforms, and compare",
        epilog="Exit status: 0 portable, 1 not portable, 2 usage or configuration error, 3 not answered: "
               "a required platform did not run, or a cell broke.")
    for option, metavar, text in (
            ("--subject", "NAME", "a subject's name or file (default: c and python)"),
            ("--platform", "NAME", "a platform's name or file (default: all)"),
            ("--bind", "MODE", "a bind mode (default: each subject's first, dual for the chat servers)"),
            ("--require", "NAME", "a platform that has to run: exit status 3 if it does not")):
        run.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; repeatable")
    run.add_argument("--reference", metavar="NAME",
                     help="the platform to compare with (default: debian, else the first that ran)")
    run.add_argument("--jobs", type=_count, default=os.cpu_count() or 1, metavar="N",
                     help="cells side by side (default: one a core, here %(default)s)")
    run.add_argument("--timeout", type=_count, default=int(SUITE_SECONDS), metavar="SECONDS",
                     help="for the suite in one cell (default: %(default)s)")
    run.add_argument("--out", type=Path, default=Path("anyunix-out"), metavar="DIR",
                     help="where the results go (default: %(default)s)")
    run.add_argument("-k", dest="expression", default="", metavar="EXPR", help="only probes that match, as in pytest")
    run.set_defaults(command=_run)


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 100000, found {text!r}")
    return int(text)


@dataclass(frozen=True)
class _Chosen:
    """What the user asked for, looked up."""

    subjects: list[Subject]
    platforms: list[Platform]


def _run(arguments: argparse.Namespace) -> int:
    catalog = find_catalog()
    chosen = _choose(catalog, arguments)
    out = OutFolder(arguments.out)
    _check_writable(arguments.out)
    console = _console()
    order = Order(catalog.suite, arguments.expression, float(arguments.timeout))
    started = time.monotonic()
    with LiveTable(console) if console.is_terminal else PlainLines(console) as watcher:
        results = run_cells(cells_of(chosen.subjects, chosen.platforms, arguments.bind), Drivers().for_platform, order,
                            jobs=arguments.jobs, watcher=watcher, keeper=out)
    matrix = Matrix(tuple(chosen.platforms), tuple(results), choose_reference(arguments.reference, results),
                    tuple(arguments.require), seconds=time.monotonic() - started)
    answers = verdicts(matrix)
    out.write(matrix, answers)
    print_report(console, matrix, answers, str(arguments.out))
    return exit_status(answers)


def _console() -> Console:
    """Where the output is no terminal nobody knows its width: 100 columns, which the matrix fits."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=100)


def _choose(catalog: Catalog, arguments: argparse.Namespace) -> _Chosen:
    """Look all names up before anything starts. Raises ConfigurationError."""
    subjects = [catalog.subject(name) for name in _once(arguments.subject or catalog.subject_names())]
    platforms = [catalog.platform(name)
                 for name in _once([*(arguments.platform or _usual_order(catalog)), *arguments.require])]
    arguments.require = [catalog.platform(name).name for name in arguments.require]
    for subject in subjects:
        for mode in arguments.bind:
            if mode not in subject.binds:
                raise ConfigurationError(f"--bind {mode}: subject {subject.name} has no such mode; "
                                         f"it has {', '.join(subject.binds)}")
    if arguments.reference and arguments.reference not in [platform.name for platform in platforms]:
        raise ConfigurationError(f"--reference {arguments.reference}: not among the platforms of this run: "
                                 f"{', '.join(platform.name for platform in platforms)}")
    return _Chosen(subjects, platforms)


def _usual_order(catalog: Catalog) -> list[str]:
    """This machine first: it needs nothing, so its results come soonest."""
    return sorted(catalog.platform_names(), key=lambda name: (not name.startswith("local"), name))


def _once(names: list[str]) -> list[str]:
    """Names without doubles; one argument may hold several, with commas between."""
    return list(dict.fromkeys(part for name in names for part in name.split(",") if part))


def _check_writable(out: Path) -> None:
    """An hour of work that cannot be kept is found out now. Raises ConfigurationError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be made: {error.strerror}") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise ConfigurationError(f"--out {out}: cannot be written to")


def _list(arguments: argparse.Namespace) -> int:
    catalog, console = find_catalog(), _console()
    if arguments.what == "platforms":
        drivers = Drivers()
        for platform in map(catalog.platform, _usual_order(catalog)):
            reason = drivers.for_platform(platform).available()
            console.print(Text(f"{platform.name:<16} {platform.driver:<7} {platform.title}"), soft_wrap=True)
            if platform.emulates:
                console.print(Text(f"{'':24} emulates {platform.emulates}", "dim"), soft_wrap=True)
            if reason:
                console.print(Text(f"{'':24} not available: {reason}", "yellow"), soft_wrap=True)
    elif arguments.what == "subjects":
        for subject in map(catalog.subject, catalog.subject_names()):
            console.print(Text(f"{subject.name:<16} {subject.title} (bind: {', '.join(subject.binds)})"),
                          soft_wrap=True)
    else:
        for probe in read_probes(catalog.suite):
            console.print(Text(f"{probe.kind:<9} {probe.id}\n{'':10}{probe.behaviour}"), soft_wrap=True)
    return 0
