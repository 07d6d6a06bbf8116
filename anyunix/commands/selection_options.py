"""The options that choose cells, of `run` and `plan`."""

import argparse

from anyunix.catalog.difference import SYSTEMS
from anyunix.commands.common import once
from anyunix.errors import ConfigurationError
from anyunix.run.selection import Choice


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose cells."""
    for option, metavar, text in (
        ("--subject", "NAME", "a subject's name or file (default: c and python)"),
        (
            "--platform",
            "NAME",
            "a platform's name, file or address, ssh://user@host:port; it has to run: exit "
            "status 3 if it does not (default: what can run of all but virtual machines and emulated CPUs)",
        ),
        (
            "--like",
            "SYSTEM",
            "beside each platform its likeness of a system, such as debian+like-freebsd: all known differences of "
            f"that system switched on; {', '.join(SYSTEMS)}",
        ),
        ("--bind", "MODE", "a bind mode (default: each subject's first, dual for the chat servers)"),
        ("--require", "NAME", "one more platform that has to run, beside the default ones"),
        ("--optional", "NAME", "a platform that need not run, whether it is named by --platform or not"),
    ):
        parser.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; repeatable")
    parser.add_argument(
        "--reference", metavar="NAME", help="the platform to compare with (default: debian, else the first that ran)"
    )


def choice_of(arguments: argparse.Namespace) -> Choice:
    """What the options of `add_selection` choose. Raises ConfigurationError."""
    for option, given in (
        ("--subject", arguments.subject),
        ("--platform", arguments.platform),
        ("--like", arguments.like),
    ):
        if given and not once(given):
            raise ConfigurationError(f"{option}: expected a name, found an empty text")
    return Choice(
        subjects=tuple(once(arguments.subject)),
        platforms=tuple(once(arguments.platform)),
        likes=tuple(once(arguments.like)),
        binds=tuple(once(arguments.bind)),
        required=tuple(once(arguments.require)),
        optional=tuple(once(arguments.optional)),
        reference=arguments.reference or "",
    )
