"""Arguments in, exit code out, nothing else. What else can happen is `__main__`'s."""

import argparse
import os
import re
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from anyunix import __version__
from anyunix.errors import EXIT_INTERRUPTED, EXIT_USAGE, AnyunixError
from anyunix.host.interrupts import interrupted_by_signals, tell, uninterrupted
from anyunix.host.scratch import sweep
from anyunix.report.workflow import Workflow

COMMANDS = {
    "init": "write a subject file to start from, for a server of your own",
    "lint": "check subject, platform and expectation files without running anything",
    "try": "start a server once, as its subject file says, and show what is seen of it",
    "run": "run the suite for subjects on platforms, and compare",
    "plan": "print the cells of a run as a CI matrix, each shard with the command that runs it alone",
    "merge": "put the results of shards together into one report, and judge",
    "import": "compare what any test suite left on several platforms, from its JUnit files",
    "report": "print a run again, and write its pages from its matrix.json",
    "why": "print the cause of a failure, by experiment: the fewest differences that break it where it is kept",
    "facts": "show what a run measured about the platforms, side by side",
    "diff": "compare two runs: newly failing, fixed, still failing, no longer run",
    "accept": "write a run's failures down as expectations, for you to give the reasons",
    "differences": "which Unix would break a server: documented differences, switched on for it one by one",
    "sweep": "every call of a server answered with each documented error, one at a time: what it makes of them",
    "check": "look at a deployed server from outside: which families it serves, and how it turns others away",
    "preflight": "before a rollout: run the suite on the target, and answer go or no-go",
    "repro": "bring a bug of the paper about again, on this machine",
    "mutation": "mutation testing: deliberate faults in copies of the servers, and the contracts that catch them",
    "bench": "the paper's experiment: the CPU cost of a process per connection, against goroutines and loops",
    "build": "build a C subject for other systems and CPUs, on this machine",
    "images": "make the base images from package mirrors, where no image registry is reached",
    "worker": "run cells on this machine for a cluster: `anyunix run --cluster ADDRESS` sends them",
    "down": "end the virtual machines that earlier runs left",
    "list": "show the platforms, subjects or probes there are",
    "completion": "print a script that completes anyunix in bash, zsh or fish",
    "schema": "print what a file that you write may hold, as JSON Schema (draft 2020-12) for editors",
}
"""What each does, in the order of the help. A command is the module of its name, imported when it is asked for."""
MODULES = {"import": "import_results", "try": "try_once"}
"""Those whose name no module can have."""
RENAMED = {"teeth": "mutation"}
"""Commands of earlier versions, which may stand in scripts -> what they are called now."""


class SuggestingParser(argparse.ArgumentParser):
    """Says of a word that it does not know which one it is near."""

    words: Sequence[str] = ()
    """Those that are parsed."""

    def error(self, message: str) -> NoReturn:
        """In one line, with how to ask for help: a screen full of usage would hide what is wrong.

        A command whose callers look for errors elsewhere has a default `usage_error`: the error and the words -> the
        exit status, or None where it is to be said as ever.
        """
        text = f"{_with_suggestion(message)}; `{self.prog} --help` shows what there is"
        elsewhere = self.get_default("usage_error")
        status = elsewhere(text, self.words) if elsewhere else None
        if status is not None:
            self.exit(status)
        self.exit(EXIT_USAGE, f"{self.prog}: {text}\n")

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """As argparse's, but that a command tells of its own unknown options: at the top nobody knows them."""
        self.words = args or ()
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            options = [option for option in self._option_string_actions if option.startswith("--")]
            from anyunix.text import nearest

            near = nearest(rest[0].partition("=")[0], options) if rest[0].startswith("-") else ""
            self.error(f"unrecognized arguments: {' '.join(rest)}{near}")
        return found, rest


def _with_suggestion(message: str) -> str:
    """With the nearest choice, where the message lists those that there are; commands are not listed again."""
    match = re.fullmatch(r"(argument .+: )invalid choice: '(.*)' \(choose from (.*)\)", message, re.DOTALL)
    if not match:
        return message
    from anyunix.text import nearest  # here, and not above: --help needs no more than argparse

    choices = [word.strip(" '") for word in match[3].split(",")]
    hint = nearest(match[2], choices)
    if match[1] == "argument COMMAND: ":
        return f"no command is called {match[2]!r}{hint}"
    return f"{match[1]}expected one of {', '.join(choices)}, found {match[2]!r}{hint}"


def main(argv: Sequence[str] | None = None) -> int:
    """The command `anyunix`; its exit status."""
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] in RENAMED:
        print(f"anyunix: `anyunix {words[0]}` is called `anyunix {RENAMED[words[0]]}` now", file=sys.stderr)
        return EXIT_USAGE
    asked = next((word for word in words if not word.startswith("-")), "")
    parser = make_parser([asked])
    if not words:  # status 2 all the same: `anyunix $COMMAND` with nothing in it is no success
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    arguments = parser.parse_args(words)
    if not hasattr(arguments, "command"):
        parser.error("expected a command")
    arguments.whole_parser = lambda: make_parser(COMMANDS)
    with interrupted_by_signals():
        try:
            sweep()
            return _status(arguments)
        except KeyboardInterrupt:
            _interrupted()
        except Exception:
            with suppress(Exception):
                _remove_leftovers()
            raise


def _interrupted() -> NoReturn:
    """Say what is left, and end at once: a thread in the middle of an image build would hold a normal exit up."""
    with uninterrupted(lambda: ["the last of it"]):
        try:
            left = _remove_leftovers()
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
            from anyunix.text import safe

            print(f"anyunix: {safe(str(error))}", file=sys.stderr, flush=True)
            return error.exit_status


def _remove_leftovers() -> list[str]:
    from anyunix.run.leftovers import remove_leftovers  # here, and not above: it brings the Docker engine's client

    return remove_leftovers()


def make_parser(asked: Collection[str]) -> argparse.ArgumentParser:
    """Knows all commands, and the arguments of those that are asked for."""
    parser = SuggestingParser(
        prog="anyunix", description="Does this server behave the same on every Unix, and where it does not, why?"
    )
    parser.add_argument("--version", action="version", version=f"anyunix {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, does in COMMANDS.items():
        command = commands.add_parser(name, help=does)
        if name in asked:
            import_module(f"anyunix.commands.{MODULES.get(name, name)}").add_arguments(command)
    return parser
