"""The places of those who have said HELLO: RECV asks for one, the parent answers.

All ask through one pipe, with their process ID; the answer is SIGUSR2, or SIGALRM when every place is taken.
"""

from __future__ import annotations

import os
import signal
import sys

from chatlib.server.children import WAITING, WELCOMED, Children

_SIZE = 4
"""Bytes of a process ID: pid_t has no more anywhere."""
_AT_ONCE = 64 * _SIZE


class Places:
    """The parent's end of the pipe, and the end of all its children."""

    def __init__(self, most: int, most_waiting: int) -> None:
        """*most* clients have places, and *most_waiting* may be there without HELLO. OSError."""
        self._most = most
        self._most_waiting = most_waiting
        self._questions, self.ask = os.pipe()
        for end in (self._questions, self.ask):
            os.set_blocking(end, False)

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._questions

    def forget(self) -> None:
        """Close the parent's end in a child."""
        os.close(self._questions)

    def answer(self, children: Children) -> None:
        """Answer all who have asked, in their order."""
        while asking := self._read():
            for start in range(0, len(asking), _SIZE):
                self._answer(children, int.from_bytes(asking[start : start + _SIZE], sys.byteorder))

    def are_taken(self, children: Children) -> bool:
        """Say whether every place is taken."""
        return children.count(WELCOMED) >= self._most

    def make_room(self, children: Children) -> None:
        """See to it that one more may wait: whoever came first leaves."""
        if children.count(WAITING) >= self._most_waiting:
            children.kill_first(WAITING)
            self.answer(children)  # what it may have asked for is not for its number's next owner

    def _read(self) -> bytes:
        try:
            return os.read(self._questions, _AT_ONCE)
        except BlockingIOError:
            return b""

    def _answer(self, children: Children, asking: int) -> None:
        """Give a place if there is one; who asks may have ended meanwhile."""
        if children.stages.get(asking) != WAITING:
            return
        if self.are_taken(children):
            os.kill(asking, signal.SIGALRM)
            return
        children.stages[asking] = WELCOMED
        os.kill(asking, signal.SIGUSR2)


def ask_for_place(ask: int) -> None:
    """Ask for this process; BlockingIOError when the pipe is full."""
    # Whole or not at all (POSIX write: PIPE_BUF).
    os.write(ask, os.getpid().to_bytes(_SIZE, sys.byteorder))
