"""`anyunix lint`: subject, platform and expectation files checked without running anything."""

import argparse
from datetime import datetime, timezone

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path
from anyunix.errors import EXIT_DONE, EXIT_USAGE
from anyunix.lint.problems import Linter, chosen_files
from anyunix.text import safe


def add_arguments(lint: argparse.ArgumentParser) -> None:
    """Add the argument of `lint`."""
    lint.description = (
        "Checks the files that people write: subjects, platforms, expectations, and, for work on anyunix itself, "
        "faults and differences. A line a problem, FILE:LINE: what is wrong; the first one of each file."
    )
    lint.epilog = "Exit status: 0 no problem, 2 a problem, or no file."
    lint.add_argument(
        "path",
        nargs="*",
        type=a_path,
        metavar="PATH",
        help="a file, or a folder with such files below it (default: those in the current folder, and in platforms/, "
        "expectations/, faults/ and differences/ there)",
    )
    lint.add_argument(
        "--known",
        action="store_true",
        help="of the files that are named check those that look like anyunix's, and pass over all others: for hooks",
    )
    lint.set_defaults(command=lint_command)


def lint_command(arguments: argparse.Namespace) -> int:
    """Print what is wrong; the exit status. Raises ConfigurationError."""
    files = chosen_files(arguments.path, known=arguments.known)
    problems = list(Linter(find_catalog(), files, datetime.now(timezone.utc).date()).problems())
    for problem in problems:
        print(safe(str(problem)))
    if not problems:
        print(f"{len(files)} file{'' if len(files) == 1 else 's'} checked, no problem")
    return EXIT_USAGE if problems else EXIT_DONE
