"""The file that holds the server's process ID, and whose lock keeps a second server away."""

from __future__ import annotations

import fcntl
import os
import stat

from chatlib.common.errors import ServiceError, reason

_LONGEST = 24


class PidFile:
    """Locked from construction to close; the lock ends with the process, however that ends."""

    def __init__(self, path: str) -> None:
        """Lock the file at *path* and write this process's ID and LF into it.

        ServiceError when another server holds it, or when the file holds something else: it is not overwritten then.
        """
        self._path = path
        try:
            self._descriptor = self._open_locked()
            self._write()
        except OSError as error:
            raise ServiceError(f"cannot write the pid file {path}: {reason(error)}") from None

    def remove(self) -> None:
        """Remove the file while it is still locked, if it is still this one."""
        try:
            if self._is_at_path(self._descriptor):
                os.unlink(self._path)
        except OSError:
            pass  # The folder may be read-only by now; the lock alone says whether the server lives.
        os.close(self._descriptor)

    def forget(self) -> None:
        """Close the descriptor in a child: only the parent's life counts."""
        os.close(self._descriptor)

    def _open_locked(self) -> int:
        while True:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
            descriptor = os.open(self._path, flags, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_at_path(descriptor):
                    return descriptor
            except BlockingIOError:
                os.close(descriptor)
                raise ServiceError(f"the pid file {self._path} is locked: another server is running") from None
            # A server that ended just now removed the file between our open and our lock: try again.
            os.close(descriptor)

    def _write(self) -> None:
        status = os.fstat(self._descriptor)
        old = os.pread(self._descriptor, _LONGEST, 0) if stat.S_ISREG(status.st_mode) else b"?"
        if old.strip(b"0123456789\n") or len(old) == _LONGEST:
            os.close(self._descriptor)
            raise ServiceError(f"{self._path} is not a pid file: it holds something else")
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(descriptor))
        except FileNotFoundError:
            return False
