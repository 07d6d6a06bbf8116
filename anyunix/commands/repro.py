"""`anyunix repro`: the bugs of the paper, brought about again here."""

import argparse
import sys

from rich.console import Console
from rich.text import Text

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import console_for_reports
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN, ConfigurationError, NotRun, PlatformError
from anyunix.repro import ipv6_only, signal_reset
from anyunix.repro.show_families import overall_families, print_families
from anyunix.repro.show_signals import overall_signals, print_signals
from anyunix.repro.stories import SIGNAL_RESET, STORIES, story
from anyunix.text import first_line


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `repro` and its arguments."""
    repro = commands.add_parser(
        "repro",
        help="bring a bug of the paper about again, on this machine",
        epilog="Exit status: 0 the bug is where it should be, and gone with its fix, 1 it is not, "
        "2 usage or configuration error, 3 it could not be tried here, with the reason.",
    )
    repro.add_argument("story", nargs="?", metavar="STORY", help=", ".join(each.name for each in STORIES))
    repro.add_argument("--list", action="store_true", help="show the stories there are")
    repro.add_argument(
        "--subject",
        metavar="NAME",
        help="ipv6-only: a subject's name or file (default: c, where it can be built, else python)",
    )
    repro.add_argument(
        "--platform",
        metavar="NAME",
        help=f"ipv6-only: a platform's name, file or address (default: {ipv6_only.PLATFORM})",
    )
    repro.set_defaults(command=repro_command)


def repro_command(arguments: argparse.Namespace) -> int:
    """Tell the story; the exit status. Raises ConfigurationError."""
    console = console_for_reports()
    if arguments.list:
        for each in STORIES:
            console.print(Text(f"{each.name:<14} {each.line}"), soft_wrap=True)
        return EXIT_DONE
    if arguments.story is None:
        raise ConfigurationError(f"which story? {', '.join(each.name for each in STORIES)}")
    chosen = story(arguments.story)
    try:
        if chosen == SIGNAL_RESET:
            return _signals(console, arguments)
        return _families(console, arguments)
    except (NotRun, PlatformError) as reason:
        print(f"anyunix: {chosen.name}: not run: {first_line(str(reason))}", file=sys.stderr)
        return EXIT_NOT_RUN


def _families(console: Console, arguments: argparse.Namespace) -> int:
    found = ipv6_only.tell(find_catalog(), arguments.subject, arguments.platform)
    print_families(console, found)
    console.print(Text(overall_families(found), "bold"), soft_wrap=True)
    return EXIT_DONE if found.as_expected else EXIT_FAILED


def _signals(console: Console, arguments: argparse.Namespace) -> int:
    for option in ("subject", "platform"):
        if getattr(arguments, option) is not None:
            raise ConfigurationError(f"--{option}: {SIGNAL_RESET.name} is told with the C server on this machine only")
    found = signal_reset.tell(find_catalog())
    print_signals(console, found)
    console.print(Text(overall_signals(found), "bold"), soft_wrap=True)
    return EXIT_DONE if found.as_expected else EXIT_FAILED
