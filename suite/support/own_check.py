"""A subject's own check: a command that knows whether what the server has confirmed is true."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from support.child import describe_status
from support.deadline import Deadline
from support.launcher import fill_all, fill_values
from support.server import Server
from support.voice import shown

CHECK_SECONDS = 10.0
LAST_BYTES = 200
"""Of what a check said that failed."""
OF_A_RUNNING_SERVER = ("{port}", "{host}", "{socket}")


class CannotCheck(Exception):
    """The check itself cannot be run: nobody knows whether anything is true."""


def asks_the_server(check: Sequence[str]) -> bool:
    """Whether it has to run while the server does; else it looks at what that leaves, once it has ended."""
    return any(word in argument for argument in check for word in OF_A_RUNNING_SERVER)


def wrong_by_own_check(server: Server, served: Sequence[str]) -> str:
    """What the check says that is not true; empty for nothing.

    `served` are the numbers {n} of the clients that were served, which it finds in its stdin, a line each. It runs in
    the subject's folder with what {work}, {log}, {port}, {host} and {socket} were for this server. Raises CannotCheck.
    """
    words = {**server.clients.words, "host": server.hosts()[0], "port": str(server.port)}
    argv = fill_all(server.subject.check, words)
    environment = {**os.environ, **fill_values(server.subject.environment, words)}
    pipe = subprocess.PIPE
    try:
        check = subprocess.Popen(
            argv,
            cwd=server.subject.root,
            env=environment,
            start_new_session=True,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotCheck(f"check: {argv[0]!r} cannot be run in {server.subject.root}: {reason}") from None
    deadline = Deadline(CHECK_SECONDS)
    with check:
        try:
            said, _ = check.communicate("".join(f"{number}\n" for number in served).encode(), deadline.seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(check.pid, signal.SIGKILL)
            raise CannotCheck(f"check: {argv[0]} was not done within {deadline.seconds:.3g} s") from None
    if not check.returncode:
        return ""
    status = -check.returncode if check.returncode < 0 else check.returncode << 8
    return f"the check {argv[0]} ended with {describe_status(status)}: {shown(said[-LAST_BYTES:])}"
