"""`anyunix teeth`: deliberate faults, and the contracts that have to catch them."""

import argparse
import os
import time
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from anyunix.catalog import Catalog, Platform, Subject, find_catalog
from anyunix.cell import SUITE_SECONDS, Order
from anyunix.commands.common import (
    a_path,
    check_writable,
    chosen_platforms,
    console_for_reports,
    count,
    once,
    with_problems,
)
from anyunix.drivers import Drivers
from anyunix.drivers.kept import KeptPlatforms
from anyunix.errors import ConfigurationError
from anyunix.matrix import run_cells
from anyunix.probes import measured_by
from anyunix.report.files import OutFolder
from anyunix.scratch import scratch
from anyunix.teeth.faults import Fault, choose_faults, read_faults
from anyunix.teeth.files import encode, render
from anyunix.teeth.judge import judge, plan
from anyunix.teeth.progress import Progress
from anyunix.teeth.results import Teeth
from anyunix.teeth.show import print_faults, print_teeth
from anyunix.yamlfile import nearest


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `teeth` and its options."""
    teeth = commands.add_parser(
        "teeth", help="prove that the contracts bite: sow deliberate faults, and see each one caught",
        epilog="Exit status: 0 every fault is caught where it shows, 1 one is missed or a healthy server fails, "
               "2 usage or configuration error, 3 not answered: a required platform did not run, or a cell broke.")
    for option, metavar, text in (
            ("--subject", "NAME", "c or python (default: both)"),
            ("--fault", "NAME", "a fault's name (default: all)"),
            ("--platform", "NAME", "a platform's name or file (default: all that can run)"),
            ("--require", "NAME", "a platform that has to run: exit status 3 if it does not")):
        teeth.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; repeatable")
    teeth.add_argument("--jobs", type=count, default=2 * (os.cpu_count() or 1), metavar="N",
                       help="cells side by side; most of them wait (default: two a core, here %(default)s)")
    teeth.add_argument("--repeat", type=count, default=1, metavar="N",
                       help="run each cell's contracts N times: a fault has to be caught each time (default: 1)")
    teeth.add_argument("--out", type=a_path, default=Path("anyunix-out/teeth"), metavar="DIR",
                       help="where teeth.md, teeth.json and the cells' results go (default: %(default)s)")
    teeth.add_argument("--list", action="store_true", help="show the faults there are")
    teeth.set_defaults(command=teeth_command)


def teeth_command(arguments: argparse.Namespace) -> int:
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
        teeth = _run(catalog, faults, subjects, platforms, folder, arguments, console, out)
    out.write_file(out.path / "teeth.json", lambda: encode(teeth))
    out.write_file(out.path / "teeth.md", lambda: render(teeth).encode())
    print_teeth(console, teeth, str(arguments.out))
    return with_problems(out, teeth.exit_status)


def _run(catalog: Catalog, faults: list[Fault], subjects: list[Subject], platforms: list[Platform], folder: Path,
         arguments: argparse.Namespace, console: Console, out: OutFolder) -> Teeth:
    started, begun = datetime.now(timezone.utc), time.monotonic()
    planned = plan(faults, subjects, platforms, measured_by(catalog.suite), folder)
    order = Order(catalog.suite, seconds=SUITE_SECONDS, repeat=arguments.repeat)
    kept = KeptPlatforms(Drivers().for_platform)
    try:
        with order.cross_builds, Progress(console, len(planned)) as watcher:
            results = run_cells([each.cell for each in planned], kept.for_platform, order, jobs=arguments.jobs,
                                watcher=watcher, keeper=out)
    finally:
        kept.end()
    findings, healthy = judge(planned, results)
    return Teeth(tuple(faults), tuple(subject.name for subject in subjects),
                 tuple(platform.name for platform in platforms), tuple(findings), tuple(healthy),
                 tuple(catalog.platform(name).name for name in once([*arguments.platform, *arguments.require])),
                 arguments.repeat,
                 started.isoformat(timespec="seconds"), time.monotonic() - begun)


def _subjects(catalog: Catalog, faults: list[Fault], wanted: list[str]) -> list[Subject]:
    """The subjects that faults are written for. Raises ConfigurationError."""
    known = catalog.subject_names()
    for name in wanted:
        if name not in known:
            raise ConfigurationError(f"--subject {name}: faults are written for {' and '.join(known)}"
                                     f"{nearest(name, known)}")
    chosen = [name for name in wanted or known if any(name in fault.sowings for fault in faults)]
    if not chosen:
        raise ConfigurationError(f"no fault of {', '.join(fault.name for fault in faults)} is one for "
                                 f"{' and '.join(wanted)}; `anyunix teeth --list` shows which is for which")
    return [catalog.subject(name) for name in chosen]


def _platforms(catalog: Catalog, arguments: argparse.Namespace) -> list[Platform]:
    """Those asked for; without any, all but those that are known from manuals only. Raises ConfigurationError."""
    required = once(arguments.require)
    return [platform for platform in chosen_platforms(catalog, arguments.platform, required)
            if arguments.platform or platform.name in required or platform.driver != "documented"]
