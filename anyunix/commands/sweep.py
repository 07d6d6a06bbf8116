"""`anyunix sweep`: what a server does when the system says no, call by call."""

import argparse
import shlex
import sys

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import console_for_reports, count, once
from anyunix.report.live import watcher_on
from anyunix.run.matrix import NOBODY
from anyunix.run.selection import bind_of
from anyunix.sweep.sweep_report import as_json, print_sweep, summary
from anyunix.sweep.sweep_run import SweepOptions, sweep


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `sweep`."""
    parser.epilog = (
        "Exit status: 0 nothing breaks it; 1 some answer of the system does; 2 usage or configuration error, or a "
        "subject that does not start; 3 nothing could be tried."
    )
    parser.add_argument("--subject", metavar="NAME", required=True, help="a subject's name or file")
    parser.add_argument("--platform", default="local", metavar="NAME", help="where (default: this machine)")
    parser.add_argument("--bind", default="", metavar="MODE", help="a bind mode (default: the subject's first)")
    parser.add_argument("--quick", action="store_true", help="of the errors that have one reason the first, once")
    parser.add_argument(
        "--injection", action="append", default=[], metavar="ID", help="only this one, as a sweep names it; repeatable"
    )
    parser.add_argument(
        "--workers", type=count, default=0, metavar="N", help="servers side by side (default: what the CPUs can take)"
    )
    parser.add_argument("--json", action="store_true", dest="data", help="print JSON")
    parser.set_defaults(command=sweep_command)


def sweep_command(arguments: argparse.Namespace) -> int:
    """Sweep, and print; the exit status. Raises ConfigurationError, NotRun, PlatformError."""
    catalog, console = find_catalog(), console_for_reports()
    subject = catalog.subject(arguments.subject)
    options = SweepOptions(
        subject,
        catalog.platform(arguments.platform),
        bind_of(subject, arguments.bind),
        arguments.quick,
        tuple(once(arguments.injection)),
        arguments.workers,
    )
    if arguments.data:
        found = sweep(options, catalog.suite, NOBODY)
        sys.stdout.write(as_json(found) + "\n")
        return found.exit_status
    with watcher_on(console) as watcher:
        found = sweep(options, catalog.suite, watcher)
    given = ["anyunix", "sweep", "--subject", arguments.subject, "--platform", arguments.platform]
    print_sweep(console, found, shlex.join(given))
    print(f"anyunix: sweep: {summary(found)}", file=sys.stderr)
    return found.exit_status
