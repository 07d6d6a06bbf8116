"""A descriptor that becomes readable when a signal arrives.

Python has no pselect. Its C level signal handler writes the signal's number into the wakeup descriptor at once,
wherever the program is; a poll that includes the reading end therefore never misses a signal that came between
looking and sleeping (signal.set_wakeup_fd in the Python manual; "the self-pipe trick").
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from types import FrameType

ALL_USED = frozenset(
    (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2)
)
"""Every signal that a process of the server catches or ignores."""
ENDING = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
"""The signals that end the server."""


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the byte in the wakeup descriptor says it all."""


class Wakeup:
    """The wakeup descriptor of this process; made anew after each fork, or parent and child share one pipe."""

    def __init__(self, caught: Iterable[signal.Signals]) -> None:
        """Make *caught* readable events. OSError when descriptors run out."""
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        # A full pipe is readable, which is all that is asked of it.
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in caught:
            signal.signal(number, _noted)

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._reader

    def drain(self) -> bytes:
        """Return the numbers of the signals that came since the last call, one byte each; empty for none."""
        numbers = b""
        while True:
            try:
                chunk = os.read(self._reader, 4096)
            except BlockingIOError:
                return numbers
            numbers += chunk
            if len(chunk) < 4096:
                return numbers

    def close(self) -> None:
        """Close the pipe that a child inherited; the child has its own signal state after that."""
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)
