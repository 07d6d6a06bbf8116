"""`anyunix repro`: the bugs of the paper, brought about again here."""

import argparse
import sys

from rich.text import Text

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import console_for_reports
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN, ConfigurationError, NotRun, PlatformError
from anyunix.repro.ipv6_only import PLATFORM
from anyunix.repro.reproduce import ReproOptions, reproduce
from anyunix.repro.stories import STORIES, story
from anyunix.text import first_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `repro`."""
    parser.epilog = (
        "Exit status: 0 the bug is where it should be, and gone with its fix, 1 it is not, "
        "2 usage or configuration error, 3 it could not be tried here, with the reason."
    )
    parser.add_argument("story", nargs="?", metavar="STORY", help=", ".join(each.name for each in STORIES))
    parser.add_argument("--list", action="store_true", help="show the stories there are")
    parser.add_argument(
        "--subject",
        metavar="NAME",
        help="ipv6-only: a subject's name or file (default: c, where it can be built, else python)",
    )
    parser.add_argument(
        "--platform", metavar="NAME", help=f"ipv6-only: a platform's name, file or address (default: {PLATFORM})"
    )
    parser.set_defaults(command=repro_command)


def repro_command(arguments: argparse.Namespace) -> int:
    """Bring the bug about; the exit status. Raises ConfigurationError."""
    console = console_for_reports()
    if arguments.list:
        for each in STORIES:
            console.print(Text(f"{each.name:<14} {each.line}"), soft_wrap=True)
        return EXIT_DONE
    if arguments.story is None:
        raise ConfigurationError(f"which story? {', '.join(each.name for each in STORIES)}")
    options = ReproOptions(story(arguments.story), arguments.subject, arguments.platform)
    try:
        return EXIT_DONE if reproduce(options, find_catalog(), console) else EXIT_FAILED
    except (NotRun, PlatformError) as reason:
        print(f"anyunix: {options.story.name}: not run: {first_line(str(reason))}", file=sys.stderr)
        return EXIT_NOT_RUN
