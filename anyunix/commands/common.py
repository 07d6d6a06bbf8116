"""What several commands share."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from anyunix.catalog import Catalog, Platform
from anyunix.errors import ConfigurationError
from anyunix.report.files import OutFolder
from anyunix.verdict import EXIT_NOT_RUN


def console_for_reports() -> Console:
    """Prints text as it is: a path's or a subject's brackets and colons are no markup.

    Where the output is no terminal nobody knows its width: 100 columns, which the matrix fits.
    """
    width = None if Console().is_terminal else 100
    return _Console(highlight=False, markup=False, emoji=False, width=width)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Not rich's, which ends with exit status 1, as if that were the answer."""
        raise BrokenPipeError


def with_problems(out: OutFolder, status: int) -> int:
    """The exit status; 3, with what could not be written, where the answer could not be kept whole."""
    for path, reason in out.problems.items():
        print(f"anyunix: {path}: cannot be written: {reason}", file=sys.stderr)
    return EXIT_NOT_RUN if out.problems else status


def usual_order(catalog: Catalog) -> list[str]:
    """All platforms, this machine first: it needs nothing, so its results come soonest."""
    return sorted(catalog.platform_names(), key=lambda name: (not name.startswith("local"), name))


def chosen_platforms(catalog: Catalog, named: list[str], more: list[str]) -> list[Platform]:
    """Those that are named; without any, all that a run has by default, and what manuals say of the others.

    Those of `more` are in it in any case. Raises ConfigurationError.
    """
    if named:
        return [catalog.platform(name) for name in once([*named, *more])]
    asked = [catalog.platform(name) for name in once(more)]
    usual = [platform for platform in map(catalog.platform, usual_order(catalog))
             if platform.name not in [each.name for each in asked]]
    return [*(platform if platform.default else replace(platform, driver="documented") for platform in usual
              if platform.default or platform.documented), *asked]


def count(text: str) -> int:
    """For argparse. Raises ArgumentTypeError."""
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 100000, found {text!r}")
    return int(text)


def once(names: list[str]) -> list[str]:
    """Names without doubles; one argument may hold several, with commas between."""
    return list(dict.fromkeys(part for name in names for part in name.split(",") if part))


def check_writable(out: Path) -> None:
    """An hour of work that cannot be kept is found out now. Raises ConfigurationError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be made: {error.strerror}") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise ConfigurationError(f"--out {out}: cannot be written to")
