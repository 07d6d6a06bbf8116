"""What several commands share."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from anyunix.errors import EXIT_NOT_RUN, ConfigurationError
from anyunix.report.out_folder import OutFolder
from anyunix.run.selection import Choice
from anyunix.text import safe


class SafeConsole(Console):
    """Prints no control character that a text has: whatever a platform says reaches no terminal as a command."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """All that is printed comes through here; what rich itself tells the terminal is marked as control."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(safe(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Not rich's, which ends with exit status 1, as if that were the answer."""
        raise BrokenPipeError


def console_for_reports() -> Console:
    """Prints text as it is: a path's or a subject's brackets and colons are no markup.

    Where the output is no terminal nobody knows its width: 100 columns, which the matrix fits.
    """
    width = None if Console().is_terminal else 100
    return SafeConsole(highlight=False, markup=False, emoji=False, width=width)


def with_problems(out: OutFolder, status: int) -> int:
    """The exit status; 3, with what could not be written, where the answer could not be kept whole."""
    for path, reason in out.problems.items():
        print(f"anyunix: {path}: cannot be written: {reason}", file=sys.stderr)
    return EXIT_NOT_RUN if out.problems else status


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
    for option, given in (("--subject", arguments.subject), ("--platform", arguments.platform)):
        if given and not once(given):
            raise ConfigurationError(f"{option}: expected a name, found an empty text")
    return Choice(
        subjects=tuple(once(arguments.subject)),
        platforms=tuple(once(arguments.platform)),
        binds=tuple(arguments.bind),
        required=tuple(once(arguments.require)),
        optional=tuple(once(arguments.optional)),
        reference=arguments.reference or "",
    )


def add_slowness(parser: argparse.ArgumentParser) -> None:
    """Add --slowness."""
    parser.add_argument(
        "--slowness",
        type=count,
        default=1,
        metavar="N",
        help="multiply the time limits on machines that no platform file describes, those named by "
        "address, ssh://…; a file has the key slowness for that (default: %(default)s)",
    )


def count(text: str) -> int:
    """For argparse. Raises ArgumentTypeError."""
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 100000, found {text!r}")
    return int(text)


def once(names: list[str]) -> list[str]:
    """Names without doubles; one argument may hold several, with commas between."""
    return list(dict.fromkeys(part for name in names for part in name.split(",") if part))


def a_path(text: str) -> Path:
    """For argparse; an empty one, mostly a variable that is not set, would be the current folder.

    Raises ArgumentTypeError.
    """
    if not text:
        raise argparse.ArgumentTypeError("expected a path, found an empty text; the current folder is .")
    return Path(text)


def check_writable(out: Path) -> None:
    """An hour of work that cannot be kept is found out now, and so is a link that would carry it elsewhere.

    Raises ConfigurationError.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        cells = out / "cells"
        for path in (cells, *(cells.iterdir() if cells.is_dir() and not cells.is_symlink() else ())):
            if path.is_symlink():
                raise ConfigurationError(
                    f"--out {out}: {path} is a link to {os.readlink(path)}, and results would be "
                    "written there: remove it"
                )
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be made: {error.strerror}") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise ConfigurationError(f"--out {out}: cannot be written to")
