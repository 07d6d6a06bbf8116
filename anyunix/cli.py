"""Arguments in, exit code out, nothing else. What else can happen is `__main__`'s."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from anyunix import __version__
from anyunix.commands import (
    accept,
    bench,
    build,
    check,
    diff,
    down,
    facts,
    images,
    init,
    listing,
    merge,
    mutation,
    plan,
    preflight,
    report,
    repro,
    run,
    schema,
)
from anyunix.errors import EXIT_INTERRUPTED, EXIT_USAGE, AnyunixError
from anyunix.host.interrupts import interrupted_by_signals, tell, uninterrupted
from anyunix.host.scratch import sweep
from anyunix.report.github import Workflow
from anyunix.run.leftovers import remove_leftovers
from anyunix.text import safe

COMMANDS = (
    init,
    run,
    plan,
    merge,
    report,
    facts,
    diff,
    accept,
    check,
    preflight,
    repro,
    mutation,
    bench,
    build,
    images,
    down,
    listing,
    schema,
)
"""In the order of the help."""
RENAMED = {"teeth": "mutation"}
"""Commands of earlier versions, which may stand in scripts -> what they are called now."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command `anyunix`; its exit status."""
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] in RENAMED:
        print(f"anyunix: `anyunix {words[0]}` is called `anyunix {RENAMED[words[0]]}` now", file=sys.stderr)
        return EXIT_USAGE
    arguments = _parser().parse_args(words)
    with interrupted_by_signals():
        try:
            sweep()
            return _status(arguments)
        except KeyboardInterrupt:
            _interrupted()
        except Exception:
            with suppress(Exception):
                remove_leftovers()
            raise


def _interrupted() -> NoReturn:
    """Say what is left, and end at once: a thread in the middle of an image build would hold a normal exit up."""
    with uninterrupted(lambda: ["the last of it"]):
        try:
            left = remove_leftovers()
        except Exception as error:
            left = [f"what is not known, because looking for it fails: {error}"]
    tell(
        f"interrupted; left behind: {', '.join(left)}"
        if left
        else "interrupted; everything that was started is removed"
    )
    os._exit(EXIT_INTERRUPTED)


def _status(arguments: argparse.Namespace) -> int:
    """Run the command; in GitHub Actions no word of a platform's or a file's is a workflow command."""
    with Workflow(os.environ, data=getattr(arguments, "data", False)) as arguments.workflow:
        try:
            return int(arguments.command(arguments))
        except AnyunixError as error:
            print(f"anyunix: {safe(str(error))}", file=sys.stderr, flush=True)
            return error.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="anyunix", description="Does this server behave the same on every Unix, and where it does not, why?"
    )
    parser.add_argument("--version", action="version", version=f"anyunix {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands)
    return parser
