"""Another user to run the server as, because limits on processes do not bind uid 0."""

import os
import resource
import secrets
from pathlib import Path
from typing import Any

import pytest

from support.child import in_child
from support.launcher import Launcher
from support.server import Server

FIRST_UID, UIDS = 40_000, 20_000
"""Numbers that nobody has, below the 65,536 of a user namespace. A new one each time: what a killed server leaves to
process 1 counts until it is reaped there."""


def start_as_stranger(start_server: Launcher, folder: Path, **options: Any) -> Server:
    """The server as a user who runs nothing else here. Skips where that cannot be, with the reason.

    The key file becomes that user's own, the log goes into a folder of theirs, and the probe's folder lets them pass.
    """
    uid = FIRST_UID + secrets.randbelow(UIDS)
    folder.chmod(0o711)
    theirs = folder / "stranger"
    theirs.mkdir()
    root = start_server.subject.root
    program = root / start_server.argv()[0]
    if reason := in_child(_why_not, uid, [str(root), str(program), str(folder)]):
        pytest.skip(reason)
    for path in (theirs, start_server.key_file()):
        os.chown(path, uid, -1)
    return start_server(user=uid, log=theirs / "chat.log", **options)


def _why_not(_: object, uid: int, paths: list[str]) -> str | None:
    """None when this process can become that user, who can then reach all the paths, and is bound by limits."""
    try:
        os.setuid(uid)
    except OSError as error:
        return f"the server cannot be started as another user here: setuid: {error.strerror}"
    for path in paths:
        if not os.access(path, os.X_OK):
            return f"another user cannot reach {path}"
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
    return None if can_fork() is False else "RLIMIT_NPROC does not bind another user here"


def can_fork() -> bool:
    """Whether this process may have one more child now."""
    try:
        pid = os.fork()
    except OSError:
        return False
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True
