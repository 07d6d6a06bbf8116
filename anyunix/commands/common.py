"""What several commands share."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from anyunix.errors import EXIT_NOT_RUN, ConfigurationError
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


def with_problems(problems: Mapping[Path, str], status: int) -> int:
    """The exit status; 3, with what could not be written and why, where the answer could not be kept whole."""
    for path, reason in problems.items():
        print(f"anyunix: {path}: cannot be written: {reason}", file=sys.stderr)
    return EXIT_NOT_RUN if problems else status


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json; `data` is what commands and the workflow of a CI system ask for."""
    parser.add_argument(
        "--json", action="store_true", dest="data", help="print JSON, with the number of its schema, and nothing else"
    )


def console_for_progress(arguments: argparse.Namespace) -> Console:
    """Where to show what goes on: on stderr where stdout is for another program."""
    return (
        SafeConsole(stderr=True, highlight=False, markup=False, emoji=False)
        if arguments.data
        else console_for_reports()
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


def add_probes(parser: argparse.ArgumentParser) -> None:
    """Add --probes."""
    parser.add_argument(
        "--probes",
        action="append",
        default=[],
        metavar="DIR",
        help="a folder with pytest probes of your own, which travel with the suite and are a group of the folder's "
        "name; NAME=DIR calls it otherwise; repeatable",
    )


def count(text: str) -> int:
    """For argparse. Raises ArgumentTypeError."""
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 100000, found {text!r}")
    return int(text)


def once(names: list[str]) -> list[str]:
    """Names without doubles; one argument may hold several, with commas or line ends between, as CI files have them."""
    parts = (part.strip() for name in names for line in name.splitlines() for part in line.split(","))
    return list(dict.fromkeys(part for part in parts if part))


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
