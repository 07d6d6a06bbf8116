"""The client's command line."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence

from chatlib.common.arguments import Arguments, decimal, split
from chatlib.common.errors import UsageError
from chatlib.common.text import OFFSET_DIGITS, is_good_name, is_offset

USAGE = """\
usage: client --key-file FILE [--name NAME] [--since OFFSET|end] [--retries N] HOST PORT

  --key-file FILE     128 hexadecimal digits; group and others must not be able to read it
  --name NAME         1 to 32 of A-Z a-z 0-9 _ . - (default: the login name)
  --since OFFSET|end  where in the log to start: 0 is the whole history, end is now (default: 0)
  --retries N         0-1000000: how often in a row to try again (default: 8)
  --help              this text

Lines from stdin are messages; records go to stdout, all else to stderr.
"""

_WITH_VALUE = frozenset(("--key-file", "--name", "--since", "--retries"))
_FLAGS = frozenset(("--help",))


class Options:
    """What the command line asks for."""

    def __init__(self, arguments: Arguments) -> None:
        """Read *arguments*, which ask for no help; UsageError when one is wrong or missing."""
        self.key_file = arguments.required("--key-file")
        self.name = os.fsencode(arguments.values.get("--name") or _login_name())
        if not is_good_name(self.name):
            raise UsageError(f"--name is 1 to 32 of A-Z a-z 0-9 _ . -, not {os.fsdecode(self.name)!r}")
        since = arguments.values.get("--since", "0")
        if since != "end" and not is_offset(os.fsencode(since)):
            raise UsageError(f"--since is a number of at most {OFFSET_DIGITS} digits or end, not {since!r}")
        self.since = None if since == "end" else int(since)
        """A byte offset into the log; None is its end."""
        self.retries = arguments.number("--retries", 8, 0, 1000000)
        if len(arguments.operands) != len(("HOST", "PORT")):
            raise UsageError(f"HOST and PORT are required, and nothing else: got {len(arguments.operands)} arguments")
        self.host = arguments.operands[0]
        self.port = decimal("PORT", arguments.operands[1], 1, 65535)


def parse_options(argv: Sequence[str]) -> Options | None:
    """Return what *argv* (without the program's name) asks for, None for help; else UsageError."""
    arguments = split(argv, _WITH_VALUE, _FLAGS)
    return None if "--help" in arguments.values else Options(arguments)


def _login_name() -> str:
    """Return the name of the user in the user database, or else of the environment."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.get("LOGNAME", "")
