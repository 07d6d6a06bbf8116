"""Many clients in the same instant, driven by one poll loop, and whether the platform has room for them."""

import errno
import os
import resource
import select
import socket
from collections import Counter
from collections.abc import Sequence

from support.deadline import Deadline
from support.net import errno_name, family_of

SERVED = "served"
FIRST_SECONDS = 10.0
DESCRIPTORS = 1024
"""Enough for the guests and for their server; macOS starts processes with a soft limit of 256."""


class Guest:
    """One client: connects, says HELLO, then one message, and waits for that message to come back."""

    def __init__(self, number: int, address: tuple[str, int], key: str) -> None:
        self.outcome: str | None = None
        self._outgoing = f"HELLO {key} guest-{number} end\n".encode()
        self._message = f"message {number}\n".encode()
        self._wanted = f"<guest-{number}> message {number}\n".encode()
        self._incoming = b""
        self.socket = socket.socket(family_of(address[0]), socket.SOCK_STREAM)
        self.socket.setblocking(False)
        error = self.socket.connect_ex(address)
        if error not in (0, errno.EINPROGRESS):
            self._end(errno_name(OSError(error, "")))

    def events(self) -> int:
        return select.POLLOUT if self._outgoing else select.POLLIN

    def step(self) -> None:
        """Go as far as possible without waiting."""
        try:
            if self._outgoing:
                self._outgoing = self._outgoing[self.socket.send(self._outgoing) :]
                return
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(errno_name(error))
            return
        self._incoming += data
        if b"ERR " in self._incoming and self._incoming.endswith(b"\n"):
            self._end(self._incoming[self._incoming.index(b"ERR ") :].decode().strip())
        elif not data:
            self._end("closed")
        elif self._message and b"\n" in self._incoming:
            self._outgoing, self._message = self._message, b""
        elif self._wanted in self._incoming:
            self._end(SERVED)

    def _end(self, outcome: str) -> None:
        self.outcome = outcome
        self.socket.close()


def serve_all(address: tuple[str, int], key: str, count: int, seconds: float) -> dict[str, int]:
    """Connect `count` clients at once; how many ended how: `{"served": 198, "ECONNRESET": 2}`.

    Those that are not done within `seconds` count as `waiting`.
    """
    deadline = Deadline(seconds)
    guests = [Guest(number, address, key) for number in range(count)]
    waiting = {guest.socket.fileno(): guest for guest in guests if guest.outcome is None}
    poller = select.poll()
    for descriptor, guest in waiting.items():
        poller.register(descriptor, guest.events())
    while waiting and not deadline.passed():
        for descriptor, _ in poller.poll(deadline.left() * 1000):
            guest = waiting[descriptor]
            guest.step()
            if guest.outcome is None:
                poller.modify(descriptor, guest.events())
            else:
                poller.unregister(descriptor)
                del waiting[descriptor]
    for guest in waiting.values():
        guest.socket.close()
    return dict(Counter(guest.outcome or "waiting" for guest in guests))


def answered(peers: Sequence[socket.socket], quiet: float) -> int:
    """How many of the peers were answered or closed by the time that nothing more came for `quiet` seconds.

    The first answer may take FIRST_SECONDS.
    """
    poller = select.poll()
    waiting = {peer.fileno() for peer in peers}
    for descriptor in waiting:
        poller.register(descriptor, select.POLLIN)
    patience = Deadline(FIRST_SECONDS).left()
    while waiting and (ready := poller.poll(patience * 1000)):
        patience = Deadline(quiet).left()
        for descriptor, _ in ready:
            poller.unregister(descriptor)
            waiting.discard(descriptor)
    return len(peers) - len(waiting)


def raise_descriptor_limit() -> None:
    """Allow this process DESCRIPTORS; for a child of the probe."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def descriptors_allowed() -> bool:
    """Whether this user may have DESCRIPTORS in one process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return hard == resource.RLIM_INFINITY or hard >= DESCRIPTORS


def processes_available(_: object, wanted: int) -> int:
    """How many of `wanted` processes this user can have at once; for a child of the probe."""
    wait_fd, release_fd = os.pipe()
    pids: list[int] = []
    try:
        while len(pids) < wanted:
            pid = os.fork()
            if pid == 0:
                os.close(release_fd)
                os.read(wait_fd, 1)  # until the last writer is gone
                os._exit(0)
            pids.append(pid)
    except OSError:
        pass  # EAGAIN or ENOMEM: that many and no more
    os.close(release_fd)
    for pid in pids:
        os.waitpid(pid, 0)
    return len(pids)
