"""`anyunix report`: the reports of an earlier run, made again from its matrix.json."""

import argparse
import sys
from pathlib import Path

from anyunix.analysis.history import history_of
from anyunix.catalog.last_run import stamp
from anyunix.commands.common import a_path, add_json, check_writable, console_for_reports, with_problems
from anyunix.report import json_output
from anyunix.report.history_lines import print_history
from anyunix.report.out_folder import OutFolder
from anyunix.report.terminal import print_overall, print_report
from anyunix.results.matrix_file import read_matrix


def add_arguments(report: argparse.ArgumentParser) -> None:
    """Add the arguments of `report`."""
    report.add_argument(
        "out",
        type=a_path,
        nargs="?",
        default=Path("anyunix-out"),
        metavar="OUT",
        help="the run's folder, or the matrix.json in it (default: %(default)s)",
    )
    report.add_argument(
        "--history",
        type=a_path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="earlier runs, each a folder or a matrix.json: show, on the terminal and in index.html, what became red "
        "when, and what was mended",
    )
    report.add_argument(
        "--stamp",
        type=a_path,
        metavar="DIR",
        help="write into the platform files of this folder when they last ran, as the key last_run",
    )
    add_json(report)
    report.set_defaults(command=report_command)


def report_command(arguments: argparse.Namespace) -> int:
    """Print the matrix, write index.html and report.md; 0 whatever the verdict, 3 when they cannot be written.

    Raises ConfigurationError.
    """
    matrix = read_matrix(arguments.out)
    folder: Path = arguments.out if arguments.out.is_dir() else arguments.out.parent
    earlier = {path.resolve(): path for path in arguments.history if path.resolve() != arguments.out.resolve()}
    history = history_of([(str(path), read_matrix(path)) for path in earlier.values()] + [(str(arguments.out), matrix)])
    check_writable(folder)
    out, console = OutFolder(folder), console_for_reports()
    out.write_pages(matrix, history if arguments.history else None)
    for file in stamp(arguments.stamp, matrix) if arguments.stamp else ():
        print(f"{file}: last_run written", file=sys.stderr)
    if arguments.data:
        print(json_output.whole(matrix))
    else:
        print_report(console, matrix, str(folder))
        if arguments.history:
            print_history(console, history)
        print_overall(console, matrix)
    return with_problems(out.problems, 0)
