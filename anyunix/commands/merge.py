"""`anyunix merge`: what shards brought, put together and judged."""

import argparse
import os
from pathlib import Path

from rich.console import Console
from rich.text import Text

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path, check_writable, console_for_reports, once, with_problems
from anyunix.errors import ConfigurationError
from anyunix.report import github, gitlab
from anyunix.report.out_folder import OutFolder
from anyunix.report.terminal import print_overall, print_report
from anyunix.run.pipeline import judged
from anyunix.run.start import never_started
from anyunix.shards.merging import Merged, expectations_of, merge, merged_status, read_parts
from anyunix.shards.planning import planned_subjects, read_plan

NAMES_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `merge`."""
    parser.epilog = "Exit status: as for run; 3 also when a planned cell of a required platform is missing."
    parser.add_argument(
        "parts",
        nargs="+",
        type=a_path,
        metavar="DIR",
        help="a shard's folder or matrix.json, or a folder with such folders in it",
    )
    parser.add_argument(
        "--plan",
        type=a_path,
        metavar="FILE",
        help="what `anyunix plan --format json` wrote: planned cells that are missing are told",
    )
    parser.add_argument(
        "--require", action="append", default=[], metavar="NAME", help="a platform that has to have run; repeatable"
    )
    parser.add_argument(
        "--reference",
        metavar="NAME",
        help="the platform to compare with (default: the plan's, debian, else the first that ran)",
    )
    parser.add_argument(
        "--expectations",
        type=a_path,
        metavar="DIR",
        help="where accepted failures are listed (default: ./expectations)",
    )
    parser.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out"),
        metavar="DIR",
        help="where the results go (default: %(default)s)",
    )
    parser.set_defaults(command=merge_command)


def merge_command(arguments: argparse.Namespace) -> int:
    """Put together, report, judge; the exit status. Raises ConfigurationError."""
    plan = read_plan(arguments.plan) if arguments.plan else None
    parts = read_parts(arguments.parts, planned=plan is not None)
    merged = merge(parts, plan, arguments.reference, once(arguments.require))
    expectations = expectations_of(merged.matrix, arguments.expectations)
    check_writable(arguments.out)
    out, console = OutFolder(arguments.out), console_for_reports()
    matrix = judged(merged.matrix, find_catalog(), expectations)
    for cell in matrix.cells:
        if cell.key in merged.sources:
            out.adopt(cell, merged.sources[cell.key])
    out.write(matrix)
    print_report(console, matrix, str(arguments.out))
    _print_missing(console, merged)
    subjects = planned_subjects(plan, find_catalog()) if plan else {}
    gitlab.report(matrix, os.environ, subjects, out)
    arguments.workflow.tell(github.report(matrix, os.environ, subjects))
    print_overall(console, matrix)
    if wrong := never_started(matrix):
        raise ConfigurationError("\n".join(wrong.values()))
    return with_problems(out.problems, merged_status(merged, matrix))


def _print_missing(console: Console, merged: Merged) -> None:
    names = [cell.name for cell in merged.missing]
    if names:
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        console.print(
            Text(f"planned, and in no shard: {', '.join(names[:NAMES_SHOWN])}{more}", "bold yellow"), soft_wrap=True
        )
