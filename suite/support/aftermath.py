"""What is left of clients: processes and descriptors."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass

from support.calls import ASLEEP
from support.deadline import Deadline
from support.proc import PROC
from support.processes import open_descriptors, state_of
from support.server import Server

QUIET_SECONDS = 0.1
"""For which a server that is done with its clients has let go of nothing more."""
LOOK_SECONDS = QUIET_SECONDS / 5
"""From one look at all processes to the next: each takes milliseconds of a CPU that the server may need."""
MOST_SECONDS = 3.0
"""For one that is never quiet: it forks, or works, without end."""
LATER_SECONDS = 2.5
"""For what a server lets go of by itself, a while after the last client."""
ENDED = ("Z", "X")


@dataclass(frozen=True)
class Footprint:
    """How much of the system a server has at a time."""

    processes: int
    descriptors: int
    """Of all its processes; 0 where that is not shown."""

    @classmethod
    def of(cls, server: Server) -> "Footprint":
        pids = living(server)
        return cls(len(pids), sum(len(open_descriptors(pid) or ()) for pid in pids))

    def no_more_than(self, other: "Footprint", room: int) -> bool:
        """A cache, or a thread, may be there for good since; `room` is for those."""
        return self.processes <= other.processes + room and self.descriptors < other.descriptors + room


def living(server: Server) -> list[int]:
    """The numbers of its processes, the first one first."""
    return [server.pid, *(pid for pid in server.forks() if pid != server.pid)]


def settled(server: Server) -> Footprint:
    """Its processes and descriptors once those of clients that left are gone, and all of it sleeps: what is left to do
    on a busy machine is not done by a process that waits for a CPU.
    """
    least = Footprint.of(server)
    quiet, most = Deadline(QUIET_SECONDS), Deadline(MOST_SECONDS)
    while not most.passed() and not (quiet.passed() and asleep(server)):
        time.sleep(LOOK_SECONDS)  # nothing tells when nothing more happens: poll
        now = Footprint.of(server)
        if now.descriptors < least.descriptors or now.processes < least.processes:
            least, quiet = now, Deadline(QUIET_SECONDS)
    return least


def lets_go(server: Server, before: Footprint, room: int) -> bool:
    """Whether it comes to have no more than before. It is given time for what it does later, and as much as it needs
    for what it is at: it does not where it sleeps by then, and has more.
    """
    begun, most = time.monotonic(), Deadline(MOST_SECONDS)
    while not Footprint.of(server).no_more_than(before, room):
        if most.passed() or (time.monotonic() - begun > LATER_SECONDS and asleep(server)):
            return False
        time.sleep(LOOK_SECONDS)  # nothing tells that nothing more is let go of: poll
    return True


def asleep(server: Server) -> bool:
    """Whether none of its threads runs, or waits for a CPU or for a tracer."""
    return all(state in ASLEEP for pid in living(server) for state in thread_states(pid))


def thread_states(pid: int) -> list[str]:
    """The states of a process's threads; none of one that has ended."""
    states = []
    with suppress(OSError):
        for thread in os.listdir(PROC / str(pid) / "task"):
            with suppress(OSError):
                states.append((PROC / str(pid) / "task" / thread / "stat").read_text().rpartition(")")[2].split()[0])
    return [state for state in states or [state_of(pid) or "Z"] if state not in ENDED]
