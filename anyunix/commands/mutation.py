"""`anyunix mutation`: mutation testing of the contracts."""

import argparse
import os
from pathlib import Path

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.commands.common import a_path, check_writable, console_for_reports, count, once, with_problems
from anyunix.mutation.faults import choose_faults, read_faults
from anyunix.mutation.mutation_report import print_faults, print_mutation
from anyunix.mutation.mutation_run import MutationOptions, choose_subjects, run_mutation
from anyunix.report.out_folder import OutFolder
from anyunix.run.selection import chosen_platforms


def add_arguments(mutation: argparse.ArgumentParser) -> None:
    """Add the options of `mutation`."""
    mutation.epilog = (
        "Exit status: 0 every fault is caught where it shows, 1 one is missed or a healthy server fails, "
        "2 usage or configuration error, 3 not answered: a required platform did not run, or a cell broke."
    )
    for option, metavar, text in (
        ("--subject", "NAME", "c or python (default: both)"),
        ("--fault", "NAME", "a fault's name (default: all)"),
        ("--platform", "NAME", "a platform's name or file (default: all that can run)"),
        ("--require", "NAME", "a platform that has to run: exit status 3 if it does not"),
    ):
        mutation.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; repeatable")
    mutation.add_argument(
        "--jobs",
        type=count,
        default=2 * (os.cpu_count() or 1),
        metavar="N",
        help="cells side by side; most of them wait (default: two per core, here %(default)s)",
    )
    mutation.add_argument(
        "--repeat",
        type=count,
        default=1,
        metavar="N",
        help="run each cell's contracts N times: a fault has to be caught each time (default: 1)",
    )
    mutation.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out/mutation"),
        metavar="DIR",
        help="where mutation.md, mutation.json and the cells' results go (default: %(default)s)",
    )
    mutation.add_argument("--list", action="store_true", help="show the faults there are")
    mutation.set_defaults(command=mutation_command)


def mutation_command(arguments: argparse.Namespace) -> int:
    """Test, print; the exit status. Raises ConfigurationError."""
    catalog, console = find_catalog(), console_for_reports()
    faults = choose_faults(read_faults(catalog), once(arguments.fault))
    if arguments.list:
        print_faults(console, faults)
        return 0
    options = MutationOptions(
        tuple(faults),
        choose_subjects(catalog, faults, once(arguments.subject)),
        _platforms(catalog, once(arguments.platform), once(arguments.require)),
        tuple(catalog.platform(name).name for name in once([*arguments.platform, *arguments.require])),
        arguments.jobs,
        arguments.repeat,
    )
    check_writable(arguments.out)
    out = OutFolder(arguments.out)
    tested = run_mutation(options, catalog.suite, console, out)
    print_mutation(console, tested, str(arguments.out))
    return with_problems(out.problems, tested.exit_status)


def _platforms(catalog: Catalog, named: list[str], required: list[str]) -> tuple[Platform, ...]:
    """Those asked for; without any, all but those that are known from manuals only. Raises ConfigurationError."""
    return tuple(
        platform
        for platform in chosen_platforms(catalog, named, required)
        if named or platform.name in required or platform.options.runs
    )
