"""Temporary folders that are removed by the next run, if not by the one that made them.

A folder's name holds its owner, and the owner holds a lock on it for as long as it lives: the kernel lets go of the
lock however a process ends, and tells in every PID namespace that there is one.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anyunix.host.owner import own

SHORT = Path("/tmp")
"""For folders with sockets, whose path has about 100 bytes at most: TMPDIR may be a long one."""
_NAME = re.compile(r"anyunix-(?P<owner>[0-9a-f]{8})-[a-z0-9_]{8}")


class Scratch:
    """A temporary folder of this process, empty at first, for this user alone. Raises OSError."""

    def __init__(self, top: Path | None = None) -> None:
        self._lock: int | None = None
        while self._lock is None:
            self.path = Path(tempfile.mkdtemp(prefix=f"anyunix-{own().short}-", dir=top))
            self._lock = _locked(self.path, wait=True)
            if self.path.exists():
                return  # without a lock where the file system has none: nobody sweeps there either
            # a run that starts just now took it for a dead one's

    def remove(self) -> None:
        """Remove it with all that it holds. Idempotent; never raises: `left` tells what could not be removed."""
        remove_tree(self.path)
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder for a while. Raises OSError."""
    folder = Scratch()
    try:
        yield folder.path
    finally:
        folder.remove()


def sweep() -> list[Path]:
    """Remove the folders whose owners are dead; what was removed."""
    removed = []
    for path, _ in _folders():
        lock = _locked(path, wait=False)
        if lock is not None:
            remove_tree(path)
            os.close(lock)
            if not path.exists():
                removed.append(path)
    return removed


def left() -> list[Path]:
    """The folders of this process that are there."""
    return [path for path, owner in _folders() if owner == own().short]


def remove_tree(path: Path) -> None:
    """Remove a folder, those too in which nobody may write; what cannot be removed stays."""
    shutil.rmtree(path, ignore_errors=True)
    if not os.path.lexists(path):
        return
    with suppress(OSError):
        path.chmod(0o700)
        for folder, names, _ in os.walk(path):
            for below in (Path(folder, name) for name in names):
                if not below.is_symlink():
                    below.chmod(0o700)  # before os.walk looks into it
    shutil.rmtree(path, ignore_errors=True)


def _folders() -> Iterator[tuple[Path, str]]:
    """Those of this user, and the short name of their owner."""
    for top in {Path(tempfile.gettempdir()), SHORT}:
        for name in os.listdir(top) if top.is_dir() else ():
            named = _NAME.fullmatch(name)
            with suppress(OSError):
                if named and (top / name).lstat().st_uid == os.geteuid():
                    yield top / name, named["owner"]


def _locked(path: Path, *, wait: bool) -> int | None:
    """A descriptor that holds the folder's lock; None when another process holds it, or the folder is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.path.samestat(os.fstat(descriptor), path.lstat()):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
