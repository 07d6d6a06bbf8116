"""`anyunix try`: a subject started once, and what was seen of it, in seconds."""

import argparse

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import console_for_reports
from anyunix.discover.beginning import try_once
from anyunix.discover.tried_report import as_json, print_tried
from anyunix.errors import EXIT_DONE, EXIT_FAILED, ConfigurationError
from anyunix.text import nearest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `try`."""
    parser.description = (
        "Starts the server once as its file says, has a client served, and tells it to stop: shows its processes, what "
        "they listen on, what came back, and what is left in the end."
    )
    parser.epilog = (
        "Exit status: 0 the server did what its file says, 1 it did not, 2 usage or configuration error, 3 the "
        "platform could not be reached, or the server cannot be started in its way there."
    )
    parser.add_argument("subject", metavar="SUBJECT", help="a subject's name or file")
    parser.add_argument("--platform", default="local", metavar="NAME", help="where (default: %(default)s)")
    parser.add_argument("--bind", default="", metavar="MODE", help="a bind mode (default: its first)")
    parser.add_argument("--json", action="store_true", dest="data", help="print JSON")
    parser.set_defaults(command=try_command)


def try_command(arguments: argparse.Namespace) -> int:
    """Start it, print; the exit status. Raises ConfigurationError, NotRun, PlatformError."""
    catalog = find_catalog()
    subject, platform = catalog.subject(arguments.subject), catalog.platform(arguments.platform)
    bind = arguments.bind or next(iter(subject.binds))
    if bind not in subject.binds:
        raise ConfigurationError(
            f"--bind: {subject.name} has no bind mode {bind!r}{nearest(bind, subject.binds)}; "
            f"it has {', '.join(subject.binds)}"
        )
    begun = try_once(subject, platform, bind, catalog.suite, lambda text: None)
    if arguments.data:
        print(as_json(subject, begun.where, begun.tried))
    else:
        print_tried(console_for_reports(), subject, begun.where, begun.tried)
    return EXIT_FAILED if list(begun.tried.problems()) else EXIT_DONE
