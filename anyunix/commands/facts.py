"""`anyunix facts`: what the last run measured about the platforms, side by side."""

import argparse
from pathlib import Path

from anyunix.analysis.fact_selection import select
from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path, add_json, console_for_reports
from anyunix.report import json_output
from anyunix.report.fact_table import print_differences, print_facts
from anyunix.results.matrix_file import read_matrix


def add_arguments(facts: argparse.ArgumentParser) -> None:
    """Add the arguments of `facts`."""
    facts.epilog = "A platform that was not in the run is shown with what its manuals say, marked as not measured."
    facts.add_argument("platform", nargs="*", metavar="PLATFORM", help="only these platforms (default: all that ran)")
    facts.add_argument("--diff", action="store_true", help="only what differs from the run's reference, with the rule")
    facts.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out"),
        metavar="DIR",
        help="the folder of a run, or its matrix.json (default: %(default)s)",
    )
    add_json(facts)
    facts.set_defaults(command=facts_command)


def facts_command(arguments: argparse.Namespace) -> int:
    """Print the facts of a run; the exit status. Raises ConfigurationError."""
    matrix = select(read_matrix(arguments.out), arguments.platform, find_catalog(), diff=arguments.diff)
    console = console_for_reports()
    if arguments.data:
        print(json_output.facts(matrix, diff=arguments.diff))
    elif arguments.diff:
        print_differences(console, matrix)
    else:
        print_facts(console, matrix)
    return 0
