"""`anyunix accept`: the failures of a run, written down as expectations whose reasons are still to be given."""

import argparse
from datetime import datetime, timezone

from anyunix.analysis.acceptance import accept
from anyunix.analysis.expectations import FOLDER
from anyunix.commands.common import a_path, console_for_reports
from anyunix.errors import EXIT_DONE, EXIT_FAILED
from anyunix.report.acceptance_lines import print_acceptances
from anyunix.results.matrix_file import read_matrix


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `accept`."""
    parser.epilog = (
        "Each new entry has the reason TODO, which `anyunix run` refuses until you replace it. Entries that "
        "are there already are never changed. Exit status: 0 every failure has an entry now, 1 some have one "
        "that does not cover them, 2 usage or configuration error."
    )
    parser.add_argument("out", type=a_path, metavar="OUT", help="a run's folder, or its matrix.json")
    parser.add_argument(
        "--expectations",
        type=a_path,
        default=FOLDER,
        metavar="DIR",
        help="where <subject>.yaml is, or is to be (default: %(default)s)",
    )
    parser.set_defaults(command=accept_command)


def accept_command(arguments: argparse.Namespace) -> int:
    """Write the entries and print them; the exit status. Raises ConfigurationError."""
    found = accept(read_matrix(arguments.out), arguments.expectations, datetime.now(timezone.utc).date())
    print_acceptances(console_for_reports(), found)
    return EXIT_FAILED if any(each.uncovered for each in found) else EXIT_DONE
