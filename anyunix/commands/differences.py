"""`anyunix differences`: what is other on other systems, and which of it a server does not survive."""

import argparse
import json
import os
import sys
from contextlib import nullcontext

from anyunix.catalog.difference import SYSTEMS, System
from anyunix.catalog.lookup import find_catalog, known_system
from anyunix.commands.cluster_options import add_cluster
from anyunix.commands.common import add_probes, console_for_reports, count, once
from anyunix.commands.pool_options import machines_of
from anyunix.differences.differences_report import as_json, print_tryout
from anyunix.differences.listing import as_data, chosen, print_list, print_one
from anyunix.differences.trying import SECONDS, TryOptions, try_out
from anyunix.errors import EXIT_DONE, ConfigurationError
from anyunix.report.live import watcher_on
from anyunix.run.cell import SuiteOptions
from anyunix.run.matrix import NOBODY
from anyunix.run.own_probes import with_probes
from anyunix.run.pool import LocalPool
from anyunix.run.selection import bind_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `differences`."""
    parser.epilog = (
        "Exit status: 0 printed, or all that could be tried is kept; 1 some difference breaks the server; 2 usage or "
        "configuration error, or a subject that does not start; 3 nothing could be tried."
    )
    parser.add_argument("name", nargs="*", metavar="NAME", help="show this one whole; with --subject, try no other")
    parser.add_argument(
        "--system",
        action="append",
        default=[],
        metavar="SYSTEM",
        help=f"only those of this system, of {', '.join(SYSTEMS)}; repeatable",
    )
    parser.add_argument("--json", action="store_true", dest="data", help="print JSON")
    parser.add_argument(
        "--subject", metavar="NAME", help="a subject's name or file: switch each on for it, then all of a system"
    )
    parser.add_argument("--platform", default="local", metavar="NAME", help="where (default: this machine)")
    parser.add_argument("--bind", default="", metavar="MODE", help="a bind mode (default: the subject's first)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="quick contracts only; with each difference alone, those that it would break first",
    )
    parser.add_argument(
        "--seconds",
        type=count,
        default=SECONDS,
        metavar="N",
        help="begin nothing that can wait after so many (default: %(default)s)",
    )
    parser.add_argument(
        "--jobs", type=count, default=os.cpu_count() or 1, metavar="N", help="side by side (default: %(default)s)"
    )
    add_cluster(parser)
    add_probes(parser)
    parser.set_defaults(command=differences_command)


def differences_command(arguments: argparse.Namespace) -> int:
    """List, show or try; the exit status. Raises ConfigurationError, NotRun, PlatformError."""
    catalog, console = find_catalog(), console_for_reports()
    systems: tuple[System, ...] = tuple(known_system(word, f"--system {word}") for word in once(arguments.system))
    differences = chosen(catalog.differences, arguments.name, systems)
    if arguments.subject is None:
        for option in ("bind", "quick", "probes", "cluster", "cluster_key"):
            if getattr(arguments, option):
                word = option.replace("_", "-")
                raise ConfigurationError(f"--{word}: only with --subject, which says whose server is tried")
        if arguments.data:
            print(json.dumps([as_data(each) for each in differences], indent=1))
        elif arguments.name:
            for each in differences:
                print_one(console, each)
        else:
            print_list(console, differences)
        return EXIT_DONE
    subject = catalog.subject(arguments.subject)
    options = TryOptions(
        subject,
        catalog.platform(arguments.platform),
        bind_of(subject, arguments.bind),
        differences,
        systems or SYSTEMS,
        float(arguments.seconds),
        arguments.quick,
    )
    with (
        nullcontext(NOBODY) if arguments.data else watcher_on(console) as watcher,
        with_probes(catalog, arguments.probes) as found,
        machines_of(arguments, lambda: LocalPool(arguments.jobs), tell=watcher.works) as pool,
    ):
        tryout = try_out(options, SuiteOptions(found.suite), pool, watcher)
    if arguments.data:
        sys.stdout.write(as_json(tryout) + "\n")
    else:
        print_tryout(console, tryout)
    return tryout.exit_status
