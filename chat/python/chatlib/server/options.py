"""The server's command line."""

from __future__ import annotations

import os
from collections.abc import Sequence

from chatlib.common.arguments import Arguments, split
from chatlib.common.errors import UsageError

USAGE = """\
usage: server --log FILE --key-file FILE [--host HOST] [--port PORT] [--bind dual|ipv4|ipv6|first]
              [--auth-timeout SECONDS] [--max-clients N] [--max-waiting N] [--daemon] [--pid-file FILE]

  --log FILE              the chat log; made with mode 0600 if it is not there
  --key-file FILE         128 hexadecimal digits; group and others must not be able to read it
  --host HOST             a name or a numeric address (default: every address)
  --port PORT             0-65535; 0 takes a free one (default: 0)
  --bind MODE             dual, ipv4, ipv6 or first (default: dual)
  --auth-timeout SECONDS  1-3600 (default: 1)
  --max-clients N         1-10000 (default: 256)
  --max-waiting N         before their HELLO, 1-10000 (default: 256, or --max-clients if that is more)
  --daemon                detach once the server listens; errors go to syslog
  --pid-file FILE         holds the server's process ID while it lives, locked
  --help                  this text
"""

_WITH_VALUE = frozenset(
    (
        *("--log", "--key-file", "--host", "--port", "--bind"),
        *("--auth-timeout", "--max-clients", "--max-waiting", "--pid-file"),
    )
)
_FLAGS = frozenset(("--daemon", "--help"))
_BIND_MODES = ("dual", "ipv4", "ipv6", "first")


class Options:
    """What the command line asks for."""

    def __init__(self, arguments: Arguments) -> None:
        """Read *arguments*, which ask for no help; UsageError when one is wrong or missing."""
        if arguments.operands:
            raise UsageError(f"unexpected argument {arguments.operands[0]!r}")
        values = arguments.values
        self.bind = values.get("--bind", "dual")
        if self.bind not in _BIND_MODES:
            raise UsageError(f"--bind is dual, ipv4, ipv6 or first, not {self.bind!r}")
        # Absolute, because a daemon leaves the working directory.
        self.log = os.path.abspath(arguments.required("--log"))
        self.key_file = arguments.required("--key-file")
        self.host = values.get("--host")
        self.port = arguments.number("--port", 0, 0, 65535)
        self.auth_timeout = arguments.number("--auth-timeout", 1, 1, 3600)
        """Seconds."""
        self.max_clients = arguments.number("--max-clients", 256, 1, 10000)
        self.max_waiting = arguments.number("--max-waiting", max(256, self.max_clients), 1, 10000)
        """How many may be connected without having said HELLO: by default all clients when they come back together."""
        self.daemon = "--daemon" in values
        pid_file = values.get("--pid-file")
        self.pid_file = None if pid_file is None else os.path.abspath(pid_file)


def parse_options(argv: Sequence[str]) -> Options | None:
    """Return what *argv* (without the program's name) asks for, None for help; else UsageError."""
    arguments = split(argv, _WITH_VALUE, _FLAGS)
    return None if "--help" in arguments.values else Options(arguments)
