"""The parent's children: one Child RECV for each client, and the Child SEND of each."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import suppress

from chatlib.server.wakeup import Wakeup

_GRACE = 1.0
"""Seconds that children have to end by SIGTERM."""
_KILL_GRACE = 0.5
"""Seconds until the kernel has ended what got SIGKILL."""


WAITING, WELCOMED = "waiting", "welcomed"
"""The stages of a receiver: until its client has said HELLO, and from then on."""


class Children:
    """Knows the receivers by process ID, and by a tie when the last descendant is gone."""

    def __init__(self, wakeup: Wakeup) -> None:
        """Start with none; SIGCHLD must wake *wakeup*. OSError when descriptors run out."""
        self._wakeup = wakeup
        self.stages: dict[int, str] = {}
        """Receiver -> its stage, in the order in which they came."""
        # Every descendant holds the second end. EOF there: the parent died. EOF here: the last of them is gone.
        self._tie, self.descendants_tie = socket.socketpair()

    def count(self, stage: str) -> int:
        """Return how many receivers are at that stage, as far as they were reaped."""
        return sum(each == stage for each in self.stages.values())

    def add(self, receiver: int) -> None:
        """Add a receiver by its process ID."""
        self.stages[receiver] = WAITING

    def forget(self) -> None:
        """Close the parent's end of the tie in a child: it would hide the parent's death."""
        self._tie.close()

    def reap(self) -> None:
        """Reap all that have ended: one SIGCHLD may stand for many."""
        # Any child, because as PID 1 of a container the parent adopts SENDs whose RECV was killed.
        while True:
            try:
                pid, _status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.stages.clear()
                return
            if pid == 0:
                return
            self.stages.pop(pid, None)

    def kill_first(self, stage: str) -> None:
        """End the receiver at that stage that came first, and wait for that; there has to be one."""
        first = next(receiver for receiver, each in self.stages.items() if each == stage)
        os.kill(first, signal.SIGKILL)
        os.waitpid(first, 0)
        del self.stages[first]

    def end(self) -> None:
        """End every process of the group but this one; returns within 2 s."""
        self.descendants_tie.close()
        # The group is this server's alone. SIGCONT, because a stopped process would keep its SIGTERM for later.
        for number in (signal.SIGTERM, signal.SIGCONT):
            with suppress(OSError):
                os.kill(0, number)
        self._reap_until(time.monotonic() + _GRACE)
        for pid in self.stages:
            os.kill(pid, signal.SIGKILL)
        self._reap_until(time.monotonic() + _KILL_GRACE)

    def _reap_until(self, deadline: float) -> None:
        """Reap until the last descendant, SENDs whose RECV died before them included, is gone, or the *deadline*."""
        poll = select.poll()
        poll.register(self._wakeup, select.POLLIN)
        poll.register(self._tie, select.POLLIN)
        tied = True
        while tied or self.stages:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            ready = {descriptor for descriptor, _ in poll.poll(left * 1000)}
            if tied and self._tie.fileno() in ready:
                tied = False
                poll.unregister(self._tie)
            self._wakeup.drain()
            self.reap()
