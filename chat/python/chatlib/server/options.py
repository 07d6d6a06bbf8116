"""The server's command line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from chatlib.common.arguments import split
from chatlib.common.errors import UsageError

USAGE = """\
usage: server --log FILE --key-file FILE [--host HOST] [--port PORT] [--bind dual|ipv4|ipv6|first]
              [--auth-timeout SECONDS] [--max-clients N] [--daemon] [--pid-file FILE]

  --log FILE              the chat log; made with mode 0600 if it is not there
  --key-file FILE         128 hexadecimal digits; group and others must not be able to read it
  --host HOST             a name or a numeric address (default: every address)
  --port PORT             0-65535; 0 takes a free one (default: 0)
  --bind MODE             dual, ipv4, ipv6 or first (default: dual)
  --auth-timeout SECONDS  1-3600 (default: 1)
  --max-clients N         1-10000 (default: 256)
  --daemon                detach once the server listens; errors go to syslog
  --pid-file FILE         holds the server's process ID while it lives, locked
  --help                  this text
"""

_WITH_VALUE = frozenset(
    ("--log", "--key-file", "--host", "--port", "--bind", "--auth-timeout", "--max-clients", "--pid-file")
)
_FLAGS = frozenset(("--daemon", "--help"))
_BIND_MODES = ("dual", "ipv4", "ipv6", "first")


class Options(NamedTuple):
    """What the command line asks for."""

    log: str
    key_file: str
    host: str | None
    port: int
    bind: str
    auth_timeout: int
    """Seconds."""
    max_clients: int
    daemon: bool
    pid_file: str | None


def parse_options(argv: Sequence[str]) -> Options | None:
    """Return what *argv* (without the program's name) asks for, None for help; else UsageError."""
    arguments = split(argv, _WITH_VALUE, _FLAGS)
    values = arguments.values
    if "--help" in values:
        return None
    if arguments.operands:
        raise UsageError(f"unexpected argument {arguments.operands[0]!r}")
    bind = values.get("--bind", "dual")
    if bind not in _BIND_MODES:
        raise UsageError(f"--bind is dual, ipv4, ipv6 or first, not {bind!r}")
    pid_file = values.get("--pid-file")
    return Options(
        # Absolute, because a daemon leaves the working directory.
        log=os.path.abspath(arguments.required("--log")),
        key_file=arguments.required("--key-file"),
        host=values.get("--host"),
        port=arguments.number("--port", 0, 0, 65535),
        bind=bind,
        auth_timeout=arguments.number("--auth-timeout", 1, 1, 3600),
        max_clients=arguments.number("--max-clients", 256, 1, 10000),
        daemon="--daemon" in values,
        pid_file=None if pid_file is None else os.path.abspath(pid_file),
    )
