"""A client that is a program: its exit status and its output say whether it was served."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from support.child import describe_status
from support.deadline import Deadline
from support.subject import Talk
from support.talk import filled
from support.voice import Unserved, as_text, shown

LAST_BYTES = 200
"""Of what a client said that was not served."""


class ClientFailed(Unserved):
    """A client program was not served, or says so."""


def run_client(talk: Talk, words: Mapping[str, str], root: Path, seconds: float) -> None:
    """Run it, in the subject's folder, in a session of its own, all of which ends when it is late.

    Raises ClientFailed.
    """
    deadline = Deadline(seconds)
    argv = [filled(word.encode(), words).decode() for word in talk.client]
    said, expected = (_data(talk, what, words) for what in ("send", "expect"))
    pipe = subprocess.PIPE
    try:
        client = subprocess.Popen(argv, cwd=root, start_new_session=True, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise ClientFailed(f"talk.client: {argv[0]!r} cannot be run in {root}: {error.strerror}") from None
    with client:
        try:
            came, problems = client.communicate(said, deadline.seconds)
        except subprocess.TimeoutExpired:
            with suppress(PermissionError):  # macOS, once all of them are zombies
                os.killpg(client.pid, signal.SIGKILL)
            raise ClientFailed(f"the client {argv[0]} was not done within {deadline.seconds:.3g} s") from None
    if client.returncode:
        status = -client.returncode if client.returncode < 0 else client.returncode << 8
        raise ClientFailed(
            f"the client {argv[0]} ended with {describe_status(status)}: {shown((problems or came)[-LAST_BYTES:])}"
        )
    if not re.search(expected, came, re.MULTILINE):
        raise ClientFailed(f"the client {argv[0]} printed nothing that matches {as_text(expected)}, but {shown(came)}")


def _data(talk: Talk, what: str, words: Mapping[str, str]) -> bytes:
    """What the program gets, or has to print."""
    return b"".join(
        filled(action.data, words, escaped=what == "expect") * action.times
        for action in talk.actions
        if action.what == what
    )
