"""`anyunix init`: a subject file to start from: an example, that of a known server, or one found out by trying; CI."""

import argparse
import sys
from pathlib import Path

from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.subject_template import as_argument, write_template
from anyunix.commands.common import a_path, console_for_reports
from anyunix.discover.beginning import begin
from anyunix.discover.ci_file import SERVICES, write_ci
from anyunix.discover.command import ServerCommand, name_for
from anyunix.discover.detected_file import run_command
from anyunix.discover.known_servers import write_from
from anyunix.discover.tried_report import print_tried
from anyunix.errors import EXIT_DONE, EXIT_FAILED, ConfigurationError


def add_arguments(init: argparse.ArgumentParser) -> None:
    """Add the arguments of `init`."""
    init.epilog = (
        "Exit status: 0 written, 1 with --detect: nothing came to listen, or the server does not do what was "
        "written; 2 there is such a file, or it cannot be written; 3 with --detect: it could not be watched."
    )
    init.add_argument(
        "file",
        nargs="?",
        type=a_path,
        metavar="FILE",
        help="where it goes (default: ./subject.yaml, or a name after the server)",
    )
    init.add_argument("--from", dest="known", metavar="NAME", help="the file of a known server, such as nginx or redis")
    init.add_argument(
        "--ci",
        choices=tuple(SERVICES),
        help="write a CI file that runs it too, for GitHub Actions or GitLab; FILE may be there already",
    )
    init.add_argument(
        "--with",
        dest="beside",
        action="append",
        type=a_path,
        default=[],
        metavar="PATH",
        help="with --detect: a file or folder of the current folder that the server needs besides; repeatable",
    )
    init.add_argument(
        "--detect",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help="start this command, all that follows, and write down what it does; {port} stands for the port, {work} "
        "for a folder that is new at each start",
    )
    init.set_defaults(command=init_command)


def init_command(arguments: argparse.Namespace) -> int:
    """Write the files, over none that is there; the exit status. Raises AnyunixError."""
    if arguments.beside and arguments.detect is None:
        raise ConfigurationError("--with: expected --detect COMMAND after it")
    file = _file(arguments)
    there = arguments.ci is not None and arguments.detect is None and arguments.known is None and file.exists()
    status = EXIT_DONE if there else _write_subject(arguments, file)
    if arguments.ci is not None:
        for line in write_ci(arguments.ci, file):
            print(line)
    return status


def _file(arguments: argparse.Namespace) -> Path:
    if arguments.file is not None:
        return Path(arguments.file)
    if arguments.detect:
        return Path(f"{name_for(arguments.detect)}.yaml")
    return Path(f"{arguments.known}.yaml" if arguments.known else "subject.yaml")


def _write_subject(arguments: argparse.Namespace, file: Path) -> int:
    if arguments.detect is not None:
        return _detect(arguments, file)
    if arguments.known is not None:
        for line in write_from(arguments.known, file, find_catalog()):
            print(line)
        return EXIT_DONE
    write_template(file)
    print(f"{file}: written; try it: anyunix run --subject {as_argument(file)} --platform local")
    return EXIT_DONE


def _detect(arguments: argparse.Namespace, file: Path) -> int:
    words = tuple(arguments.detect)
    if not words or arguments.known is not None:
        raise ConfigurationError("--detect: expected the command that starts the server, and no --from")
    begun = begin(ServerCommand(words, file, tuple(arguments.beside)), find_catalog(), _say)
    print_tried(console_for_reports(), begun.subject, begun.where, begun.tried)
    print(f"{file}: written; next: {run_command(file, begun.subject.starting.port)}")
    return EXIT_FAILED if list(begun.tried.problems()) else EXIT_DONE


def _say(text: str) -> None:
    print(f"anyunix: {text}", file=sys.stderr, flush=True)
