"""`anyunix report`: the reports of an earlier run, made again from its matrix.json."""

import argparse
from pathlib import Path

from anyunix.commands.common import console_for_reports, with_problems
from anyunix.report.files import OutFolder
from anyunix.report.terminal import print_overall, print_report
from anyunix.stored import read_matrix


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `report` and its arguments."""
    report = commands.add_parser("report", help="print a run again, and write its pages from its matrix.json")
    report.add_argument("out", type=Path, nargs="?", default=Path("anyunix-out"), metavar="OUT",
                        help="the run's folder (default: %(default)s)")
    report.set_defaults(command=report_command)


def report_command(arguments: argparse.Namespace) -> int:
    """Print the matrix, write index.html and report.md; 0 whatever the verdict, 3 when they cannot be written.

    Raises ConfigurationError.
    """
    matrix = read_matrix(arguments.out)
    out, console = OutFolder(arguments.out), console_for_reports()
    out.write_pages(matrix)
    print_report(console, matrix, str(arguments.out))
    print_overall(console, matrix)
    return with_problems(out, 0)
