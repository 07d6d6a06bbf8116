"""What is left of clients: processes and descriptors."""

import time
from dataclasses import dataclass

from support.deadline import POLL_SECONDS, Deadline
from support.processes import open_descriptors
from support.server import Server

QUIET_SECONDS = 0.1
"""For which a server that is done with its clients has let go of nothing more."""


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
    """Its processes and descriptors once those of clients that left are gone."""
    least = Footprint.of(server)
    deadline = Deadline(QUIET_SECONDS)
    while not deadline.passed():
        time.sleep(POLL_SECONDS)  # nothing tells when nothing more happens: poll
        now = Footprint.of(server)
        if now.descriptors < least.descriptors or now.processes < least.processes:
            least, deadline = now, Deadline(QUIET_SECONDS)
    return least
