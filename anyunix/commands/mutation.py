"""`anyunix mutation`: deliberate faults, and the contracts that have to catch them."""

import argparse
import os
import time
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import measured_by
from anyunix.catalog.reader import nearest
from anyunix.catalog.subjects import Subject
from anyunix.commands.common import a_path, check_writable, console_for_reports, count, once, with_problems
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError
from anyunix.host.scratch import scratch
from anyunix.mutation.counter import CellCounter
from anyunix.mutation.faults import Fault, choose_faults, read_faults
from anyunix.mutation.findings import MutationResults
from anyunix.mutation.kept import KeptPlatforms
from anyunix.mutation.mutation_files import encode, render
from anyunix.mutation.mutation_report import print_faults, print_mutation
from anyunix.mutation.scoring import judge, plan
from anyunix.report.out_folder import OutFolder
from anyunix.run.cell import SUITE_SECONDS, SuiteOptions
from anyunix.run.matrix import run_cells
from anyunix.run.selection import chosen_platforms


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `mutation` and its options."""
    mutation = commands.add_parser(
        "mutation",
        help="prove that the contracts bite: sow deliberate faults, and see each one caught",
        epilog="Exit status: 0 every fault is caught where it shows, 1 one is missed or a healthy server fails, "
        "2 usage or configuration error, 3 not answered: a required platform did not run, or a cell broke.",
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
        help="cells side by side; most of them wait (default: two a core, here %(default)s)",
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
    """Sow, run, judge, print; the exit status. Raises ConfigurationError."""
    catalog, console = find_catalog(), console_for_reports()
    faults = choose_faults(read_faults(catalog), once(arguments.fault))
    if arguments.list:
        print_faults(console, faults)
        return 0
    subjects = _subjects(catalog, faults, once(arguments.subject))
    platforms = _platforms(catalog, arguments)
    check_writable(arguments.out)
    out = OutFolder(arguments.out)
    with scratch() as folder:
        tested = _run(catalog, faults, subjects, platforms, folder, arguments, console, out)
    out.write_file(out.path / "mutation.json", lambda: encode(tested))
    out.write_file(out.path / "mutation.md", lambda: render(tested).encode())
    print_mutation(console, tested, str(arguments.out))
    return with_problems(out, tested.exit_status)


def _run(
    catalog: Catalog,
    faults: list[Fault],
    subjects: list[Subject],
    platforms: list[Platform],
    folder: Path,
    arguments: argparse.Namespace,
    console: Console,
    out: OutFolder,
) -> MutationResults:
    started, begun = datetime.now(timezone.utc), time.monotonic()
    planned = plan(faults, subjects, platforms, measured_by(catalog.suite), folder)
    order = SuiteOptions(catalog.suite, seconds=SUITE_SECONDS, repeat=arguments.repeat)
    kept = KeptPlatforms(Drivers().for_platform)
    try:
        with order.cross_builds, CellCounter(console, len(planned)) as watcher:
            results = run_cells(
                [each.cell for each in planned],
                kept.for_platform,
                order,
                jobs=arguments.jobs,
                watcher=watcher,
                keeper=out,
            )
    finally:
        kept.end()
    findings, healthy = judge(planned, results)
    return MutationResults(
        tuple(faults),
        tuple(subject.name for subject in subjects),
        tuple(platform.name for platform in platforms),
        tuple(findings),
        tuple(healthy),
        tuple(catalog.platform(name).name for name in once([*arguments.platform, *arguments.require])),
        arguments.repeat,
        started.isoformat(timespec="seconds"),
        time.monotonic() - begun,
    )


def _subjects(catalog: Catalog, faults: list[Fault], wanted: list[str]) -> list[Subject]:
    """The subjects that faults are written for. Raises ConfigurationError."""
    known = catalog.subject_names()
    for name in wanted:
        if name not in known:
            raise ConfigurationError(
                f"--subject {name}: faults are written for {' and '.join(known)}{nearest(name, known)}"
            )
    chosen = [name for name in wanted or known if any(name in fault.sowings for fault in faults)]
    if not chosen:
        raise ConfigurationError(
            f"no fault of {', '.join(fault.name for fault in faults)} is one for "
            f"{' and '.join(wanted)}; `anyunix mutation --list` shows which is for which"
        )
    return [catalog.subject(name) for name in chosen]


def _platforms(catalog: Catalog, arguments: argparse.Namespace) -> list[Platform]:
    """Those asked for; without any, all but those that are known from manuals only. Raises ConfigurationError."""
    required = once(arguments.require)
    return [
        platform
        for platform in chosen_platforms(catalog, once(arguments.platform), required)
        if arguments.platform or platform.name in required or platform.driver != "documented"
    ]
