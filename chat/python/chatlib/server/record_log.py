"""The log: one append-only file of records `<name> text` LF. Offsets are bytes.

flock(2) belongs to the open file description, so every process that locks opens the log itself after its fork:
an inherited descriptor would share one lock and exclude nobody.
"""

from __future__ import annotations

import fcntl
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from chatlib.common.io import close_once
from chatlib.common.text import CAN, LF

CHUNK = 65536
"""Bytes read at once under the shared lock."""

_COMMON = os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


class RecordLog:
    """The log, opened by this process for itself."""

    def __init__(self, path: str, *, append: bool, create: bool = False) -> None:
        """Open *path* for reading, or for appending too; *create* it with mode 0600. OSError when that fails."""
        flags = os.O_RDWR | os.O_APPEND if append else os.O_RDONLY
        self._descriptor = os.open(path, flags | _COMMON | (os.O_CREAT if create else 0), 0o600)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.close(self._descriptor)
            raise OSError(0, "Not a regular file")

    def close(self) -> None:
        """Close the descriptor, and with it the lock of this process."""
        close_once(lambda: os.close(self._descriptor))

    def end(self) -> int:
        """Return where the last whole record ends."""
        with self._locked(fcntl.LOCK_SH):
            return self._boundary_before(self._size())

    def is_boundary(self, offset: int) -> bool:
        """Say whether *offset* is 0 or directly behind a record, and not past the end."""
        with self._locked(fcntl.LOCK_SH):
            if offset > self._size():
                return False
            return offset == 0 or os.pread(self._descriptor, 1, offset - 1) == LF

    def read(self, offset: int, limit: int | None = None) -> bytes:
        """Return what follows *offset*, 64 KiB at most and nothing past *limit* or the last LF; empty for no more.

        Whole records, unless one line alone is longer than that. OSError, also when the file was cut meanwhile.
        """
        with self._locked(fcntl.LOCK_SH):
            size = self._size()
            if offset > size:
                raise OSError(0, "File is shorter than it was")
            stop = self._boundary_before(size if limit is None else min(limit, size))
            chunk = os.pread(self._descriptor, max(0, min(CHUNK, stop - offset)), offset)
        whole = chunk.rfind(LF) + 1
        return chunk[:whole] if whole else chunk

    def append(self, records: Sequence[bytes]) -> None:
        """Append *records*, each whole, in one piece; ends a torn record first.

        OSError when that fails: the records that fitted are kept, what was written of the next is cut off again.
        SIGTERM waits while the lock is held, not while waiting for the lock: it does not tear a record.
        """
        with self._locked(fcntl.LOCK_EX), _sigterm_blocked():
            start = self._size()
            torn = CAN + LF if self._is_torn(start) else b""
            pieces = [torn, *records] if torn else records
            data = memoryview(b"".join(pieces))
            written = 0
            try:
                while written < len(data):
                    written += os.write(self._descriptor, data[written:])
            except OSError:
                os.ftruncate(self._descriptor, start + _whole(pieces, written))
                raise

    def mend(self) -> int:
        """End a torn record with CAN LF; return how many bytes were torn off, 0 for none. OSError."""
        with self._locked(fcntl.LOCK_EX), _sigterm_blocked():
            size = self._size()
            if not self._is_torn(size):
                return 0
            ending = CAN + LF
            while ending:
                ending = ending[os.write(self._descriptor, ending) :]
            return size - self._boundary_before(size)

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _is_torn(self, size: int) -> bool:
        return size > 0 and os.pread(self._descriptor, 1, size - 1) != LF

    def _boundary_before(self, stop: int) -> int:
        """Return the last offset up to *stop* that is 0 or directly behind an LF."""
        while stop > 0:
            start = max(0, stop - CHUNK)
            behind = os.pread(self._descriptor, stop - start, start).rfind(LF) + 1
            if behind:
                return start + behind
            stop = start
        return 0

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        # PEP 475: Python repeats flock after a handled signal; SIGTERM has its default action and ends the wait.
        fcntl.flock(self._descriptor, kind)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)


@contextmanager
def _sigterm_blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _whole(pieces: Sequence[bytes], written: int) -> int:
    """Return how many of the *written* bytes are whole pieces."""
    total = 0
    for piece in pieces:
        if total + len(piece) > written:
            break
        total += len(piece)
    return total
