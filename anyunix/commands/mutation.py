"""`anyunix mutation`: mutation testing of the contracts."""

import argparse
import os
import secrets
from contextlib import nullcontext
from pathlib import Path

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.commands.cluster_options import add_cluster
from anyunix.commands.common import a_path, check_writable, console_for_reports, count, once, with_problems
from anyunix.commands.pool_options import add_resume, journal_of, machines_of
from anyunix.errors import ConfigurationError
from anyunix.mutation.faults import choose_faults, read_faults, sample
from anyunix.mutation.mutation_report import print_faults, print_mutation
from anyunix.mutation.mutation_run import MutationOptions, choose_subjects, run_mutation
from anyunix.report.out_folder import OutFolder
from anyunix.run.selection import chosen_platforms

CELLS_PER_CORE = 16
MOST_SEEDS = 100_000


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
        default=CELLS_PER_CORE * (os.cpu_count() or 1),
        metavar="N",
        help="cells side by side, on all platforms together; most of them wait (default: a few per core, here "
        "%(default)s)",
    )
    mutation.add_argument(
        "--repeat",
        type=count,
        default=1,
        metavar="N",
        help="run each cell's contracts N times: a fault has to be caught each time (default: 1)",
    )
    mutation.add_argument(
        "--healthy",
        type=a_path,
        metavar="RUN",
        help="the folder or matrix.json of a run of the same suite and subjects on the same machines: what it has of "
        "the healthy servers and the platforms' facts is not found out again",
    )
    mutation.add_argument(
        "--sample", type=count, metavar="N", help="only N faults for each subject, chosen by chance (default: all)"
    )
    mutation.add_argument(
        "--seed",
        type=count,
        metavar="N",
        help="with --sample: choose those that an earlier sample with this seed chose (default: another each time)",
    )
    mutation.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out/mutation"),
        metavar="DIR",
        help="where mutation.md, mutation.json and the cells' results go (default: %(default)s)",
    )
    add_cluster(mutation)
    add_resume(mutation)
    mutation.add_argument("--list", action="store_true", help="show the faults there are")
    mutation.set_defaults(command=mutation_command)


def mutation_command(arguments: argparse.Namespace) -> int:
    """Test, print; the exit status. Raises ConfigurationError."""
    catalog, console = find_catalog(), console_for_reports()
    faults = choose_faults(read_faults(catalog), once(arguments.fault))
    if arguments.list:
        print_faults(console, faults)
        return 0
    subjects = choose_subjects(catalog, faults, once(arguments.subject))
    if arguments.sample:
        seed = arguments.seed or 1 + secrets.randbelow(MOST_SEEDS)
        faults = sample(faults, [subject.name for subject in subjects], arguments.sample, seed)
        console.print(f"a sample of the faults; the same again: --sample {arguments.sample} --seed {seed}")
    elif arguments.seed:
        raise ConfigurationError("--seed: only with --sample; without it all faults are tested")
    options = MutationOptions(
        tuple(faults),
        subjects,
        _platforms(catalog, once(arguments.platform), once(arguments.require)),
        tuple(catalog.platform(name).name for name in once([*arguments.platform, *arguments.require])),
        arguments.jobs,
        arguments.repeat,
        arguments.healthy,
    )
    check_writable(arguments.out)
    out, journal = OutFolder(arguments.out), journal_of(arguments, catalog.suite)
    with machines_of(arguments, nullcontext) as cluster:
        tested = run_mutation(options, catalog.suite, console, out, journal, cluster)
    print_mutation(console, tested, str(arguments.out))
    return with_problems({**out.problems, **journal.problems}, tested.exit_status)


def _platforms(catalog: Catalog, named: list[str], required: list[str]) -> tuple[Platform, ...]:
    """Those asked for; without any, all but those that are known from manuals only. Raises ConfigurationError."""
    return tuple(
        platform
        for platform in chosen_platforms(catalog, named, required)
        if named or platform.name in required or platform.options.runs
    )
