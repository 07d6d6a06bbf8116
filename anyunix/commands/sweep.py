"""`anyunix sweep`: what a server does when the system says no, call by call."""

import argparse
import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path

from anyunix.analysis.expectations import load_expectations
from anyunix.catalog.lookup import find_catalog
from anyunix.commands.cluster_options import add_cluster
from anyunix.commands.common import a_path, check_writable, console_for_reports, count, once, with_problems
from anyunix.commands.pool_options import machines_of
from anyunix.report.live import watcher_on
from anyunix.report.out_folder import OutFolder
from anyunix.run.matrix import NOBODY
from anyunix.run.pool import LocalPool
from anyunix.run.selection import bind_of
from anyunix.sweep.sweep_gate import with_expectations
from anyunix.sweep.sweep_journal import begin_journal, beginning_of, resume_journal
from anyunix.sweep.sweep_json import as_json
from anyunix.sweep.sweep_out import write_reports
from anyunix.sweep.sweep_report import print_sweeps, summary, unanswered
from anyunix.sweep.sweep_run import SweepOptions, sweep


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `sweep`."""
    parser.epilog = (
        "Exit status: 0 nothing breaks it but what is expected to; 1 some answer of the system does, or an expectation "
        "does not hold; 2 usage or configuration error, or a subject that does not start; 3 on some platform nothing "
        "could be tried, or not all came back."
    )
    parser.add_argument("--subject", metavar="NAME", required=True, help="a subject's name or file")
    parser.add_argument(
        "--platform", action="append", default=[], metavar="NAME", help="where (default: this machine); repeatable"
    )
    parser.add_argument("--bind", default="", metavar="MODE", help="a bind mode (default: the subject's first)")
    parser.add_argument("--quick", action="store_true", help="of the errors that have one reason the first, once")
    parser.add_argument(
        "--injection", action="append", default=[], metavar="ID", help="only this one, as a sweep names it; repeatable"
    )
    parser.add_argument(
        "--workers", type=count, default=0, metavar="N", help="servers side by side (default: what the CPUs can take)"
    )
    parser.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out/sweep"),
        metavar="DIR",
        help="where the results go, into a folder named as the subject; with --injection into the folder alone in "
        "that (default: %(default)s)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="make only what an earlier sweep into the same folder did not come to"
    )
    parser.add_argument(
        "--expectations",
        type=a_path,
        metavar="DIR",
        help="where accepted failures are listed, a <subject>.yaml each (default: ./expectations)",
    )
    add_cluster(parser)
    parser.add_argument("--json", action="store_true", dest="data", help="print JSON")
    parser.set_defaults(command=sweep_command)


def sweep_command(arguments: argparse.Namespace) -> int:
    """Sweep, keep and print what came of it; the exit status. Raises ConfigurationError."""
    catalog, console = find_catalog(), console_for_reports()
    subject = catalog.subject(arguments.subject)
    platforms = tuple(catalog.platform(name) for name in once(arguments.platform) or ["local"])
    options = SweepOptions(
        subject,
        platforms,
        bind_of(subject, arguments.bind),
        arguments.quick,
        tuple(once(arguments.injection)),
        arguments.workers,
    )
    expectations = load_expectations([subject], arguments.expectations)
    folder = arguments.out / subject.name / ("alone" if options.wanted else "")
    check_writable(folder)
    begin = resume_journal if arguments.resume else begin_journal
    journal = begin(folder, beginning_of(catalog.suite, subject, options.bind))
    with (
        nullcontext(NOBODY) if arguments.data else watcher_on(console) as watcher,
        machines_of(arguments, lambda: LocalPool(1, keep=False), tell=watcher.works) as pool,
    ):
        found = sweep(options, catalog.suite, journal, pool, watcher)
    found = with_expectations(
        found,
        expectations.get(subject.name),
        today=date.today(),
        known_platforms=[*catalog.platform_names(), *catalog.likeness_names()],
        whole=not (options.quick or options.wanted),
    )
    given = ["anyunix", "sweep", "--subject", arguments.subject, *(["--bind", options.bind] if arguments.bind else [])]
    differences = {each.name: each for each in catalog.differences}
    out = OutFolder(folder)
    write_reports(out, found, given, differences)
    if arguments.data:
        sys.stdout.write(as_json(found) + "\n")
    else:
        print_sweeps(console, found, given, differences)
    for line in unanswered(found):
        print(f"anyunix: {line}", file=sys.stderr)
    print(f"anyunix: sweep: {summary(found)}", file=sys.stderr)
    return with_problems({**out.problems, **journal.problems}, found.exit_status)
