"""`anyunix diff`: two runs compared, from what they left behind."""

import argparse

from anyunix.analysis.changes import changes
from anyunix.commands.common import a_path, add_json, console_for_reports
from anyunix.errors import EXIT_NOT_PORTABLE, EXIT_PORTABLE
from anyunix.report import json_output
from anyunix.report.change_lines import print_changes
from anyunix.results.matrix_file import read_matrix
from anyunix.run.identity import check_comparable


def add_arguments(diff: argparse.ArgumentParser) -> None:
    """Add the arguments of `diff`."""
    diff.epilog = (
        "Exit status: 0 nothing fails that did not before (accepted failures apart), 1 something does, "
        "2 usage or configuration error."
    )
    diff.add_argument("old", type=a_path, metavar="OLD", help="a run's folder, or its matrix.json")
    diff.add_argument("new", type=a_path, metavar="NEW", help="the same, of a later run")
    add_json(diff)
    diff.set_defaults(command=diff_command)


def diff_command(arguments: argparse.Namespace) -> int:
    """Print what changed; the exit status. Raises ConfigurationError."""
    old, new = read_matrix(arguments.old), read_matrix(arguments.new)
    check_comparable((str(arguments.old), old.identity), (str(arguments.new), new.identity))
    found = changes(old, new)
    if arguments.data:
        print(json_output.changed(found, str(arguments.old), str(arguments.new)))
    else:
        print_changes(console_for_reports(), found, str(arguments.old))
    return EXIT_NOT_PORTABLE if found.worse else EXIT_PORTABLE
