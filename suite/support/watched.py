"""A server of which nothing is known: its processes and sockets from its start to its end."""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from support.deadline import POLL_SECONDS, Deadline, wait_until
from support.held_sockets import Held, held_by
from support.holder import Holder, Household
from support.processes import command_of, kill_all
from support.starting import Command

SETTLE_SECONDS, UDP_SECONDS = 0.3, 1.0
"""How long what it listens on stays as it is before that counts; longer where it is sockets of UDP alone."""
DYING_SECONDS = 0.3
QUICK_SECONDS = 2.0
"""For an end that is quick (support/ending.py)."""


class Watched:
    """All that the command starts stays below a process that adopts orphans, so nobody hides (support/holder.py)."""

    def __init__(self, command: Command) -> None:
        """Raises OSError."""

        def live(household: Household) -> None:
            household.begun(command.spawn())
            while True:
                household.wait()

        self._begun = time.monotonic()
        self._holder = Holder(live, ())
        self.command = self._holder.started
        """Number of the process that was started first."""
        self.first = self.command
        """Of the process that is to be told to stop; 0 once there is none."""
        self.visit: Callable[[], AbstractContextManager[object]] = nullcontext
        """A client that stays while it ends."""

    def pids(self) -> list[int]:
        """Of all its processes that run."""
        return [each.pid for each in self._holder.below() if not each.zombie]

    def sockets(self) -> list[Held]:
        """What they listen on; nothing where the system does not show it."""
        return held_by(self.pids()) or []

    def place(self, port: int) -> Held | None:
        """The one to speak to: of that port if there is one, of TCP before the others, the lowest."""
        return min(self.sockets(), key=lambda each: (each.port != port, each.transport != "tcp", each), default=None)

    def ended(self) -> bool:
        """Whether all its processes have."""
        return self._holder.childless() and not self.pids()

    def ended_soon(self) -> bool:
        """Whether they have, a moment after a client has left."""
        with suppress(TimeoutError):
            return wait_until(self.ended, "its end", DYING_SECONDS)
        return False

    def settled(self, seconds: float) -> dict[str, Any]:
        """What there is once it listens, and nothing changes any more; or has ended; or after so many seconds."""
        deadline = Deadline(seconds)
        state: object = None
        since, listened = time.monotonic(), None
        while not deadline.passed() and not self.ended():
            found = self.sockets()
            now = ([(each.transport, each.host, each.port) for each in found], self.command in self._holder.ended())
            if now != state:
                state, since = now, time.monotonic()
            if found and listened is None:
                listened = time.monotonic() - self._begun
            settle = UDP_SECONDS if {each.transport for each in found} == {"udp"} else SETTLE_SECONDS
            if found and time.monotonic() - since > Deadline(settle).seconds:
                break
            time.sleep(POLL_SECONDS)  # nothing announces a listener: poll
        self._find_first()
        return {
            "listened": listened,
            "seconds": time.monotonic() - self._begun,
            "sockets": [{"transport": each.transport, "host": each.host, "port": each.port} for each in self.sockets()],
            "processes": [command_of(pid) for pid in self.pids()],
            "command_status": self._holder.ended().get(self.command),
        }

    def end_at(self, number: int, seconds: float) -> dict[str, Any]:
        """What becomes of it within `seconds` of that signal, with a client connected. One that goes on accepting
        survives it.
        """
        with self.visit():
            begun, forks = time.monotonic(), self.pids()
            with suppress(ProcessLookupError):
                os.kill(self.first, number)
            first = everything = None
            quick, slow = Deadline(QUICK_SECONDS), Deadline(seconds)
            survives = False
            while everything is None and not slow.passed():
                left = set(self.pids()) & set(forks)
                if first is None and self.first not in left:
                    first = time.monotonic() - begun
                if not left:
                    everything = time.monotonic() - begun
                elif quick.passed() and (self.sockets() or first is not None):
                    survives = first is None
                    break
                time.sleep(POLL_SECONDS)  # other processes' children: poll
            listening = [str(each) for each in self.sockets()]
        return {
            "status": self._holder.ended().get(self.first),
            "first": first,
            "all": everything,
            "survives": survives,
            "within": slow.seconds,
            "listening": listening,
            "quick": everything is not None and everything <= quick.seconds,
        }

    def end(self) -> None:
        """Nothing is left of it."""
        kill_all(self.pids())
        self._holder.end()

    def _find_first(self) -> None:
        """The command's process, or where that has ended the one among the others that started them."""
        if self.command not in self._holder.ended():
            return
        running = [each for each in self._holder.below() if not each.zombie]
        holders = {each.pid for each in self.sockets()}
        numbers = {each.pid for each in running}
        tops = [each.pid for each in running if each.parent not in numbers]
        self.first = next((pid for pid in tops if pid in holders), tops[0] if tops else 0)
