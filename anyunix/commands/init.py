"""`anyunix init`: a subject file to start from, with a server that it runs against as it is."""

import argparse
from pathlib import Path

from anyunix.catalog.subject_template import as_argument, write_template
from anyunix.commands.common import a_path
from anyunix.errors import EXIT_DONE


def add_arguments(init: argparse.ArgumentParser) -> None:
    """Add the argument of `init`."""
    init.epilog = "Exit status: 0 written, 2 there is such a file, or it cannot be written."
    init.add_argument(
        "file",
        nargs="?",
        type=a_path,
        default=Path("subject.yaml"),
        metavar="FILE",
        help="where it goes (default: ./subject.yaml)",
    )
    init.set_defaults(command=init_command)


def init_command(arguments: argparse.Namespace) -> int:
    """Write the file, over none that is there, and its schema. Raises ConfigurationError."""
    file: Path = arguments.file
    write_template(file)
    print(f"{file}: written; try it: anyunix run --subject {as_argument(file)} --platform local")
    return EXIT_DONE
