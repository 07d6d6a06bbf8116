"""Clients that speak nonsense, do not read, come in crowds: the way in which a server meets strangers."""

import errno
import os
import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from support.calls import ASLEEP
from support.child import Channel
from support.deadline import Deadline, wait_until
from support.net import CONNECT_SECONDS, family_of, reset
from support.server import Server
from support.voice import TALK_SECONDS

HEARD_SECONDS, TAKEN_SECONDS, BUSY_SECONDS, MANY = 1.0, 0.2, 2.0, 200
RESTING, RESTING_TIMES = {*ASLEEP, "Z"}, 8
QUEUED_SECONDS = 15.0
"""A connection for which there was no room is tried again after 1, 3 and 7 seconds (RFC 6298)."""
UNREAD_BYTES, ROOM_BYTES, PIECE_BYTES, SEGMENT_BYTES = 200_000, 4096, 4096, 536


def ended(peer: socket.socket, seconds: float = TALK_SECONDS) -> bool:
    """Whether the server has closed the connection, or does so in time."""
    deadline = Deadline(seconds)
    try:
        while not deadline.passed():
            peer.settimeout(max(deadline.left(), 0.001))
            if not peer.recv(65536):
                return True
    except TimeoutError:
        return False
    except OSError:
        return True
    return False


def say_nonsense(peer: socket.socket, text: bytes) -> None:
    """Send all of it, as far as it is taken, end this side, and see how it ends, as far as that comes soon."""
    with suppress(OSError):  # TimeoutError for a server that reads no more of it
        peer.settimeout(Deadline(HEARD_SECONDS).seconds)
        peer.sendall(text)
        peer.shutdown(socket.SHUT_WR)
        ended(peer, HEARD_SECONDS)


class Rests:
    """Whether a server sleeps, and has slept the last few times."""

    def __init__(self, server: Server) -> None:
        self._server, self._times = server, 0

    def still(self) -> bool:
        resting = {process.state for process in self._server.processes()} <= RESTING
        self._times = self._times + 1 if resting else 0
        return self._times >= RESTING_TIMES


def lazy(server: Server) -> socket.socket:
    """A client that has asked again and again, until nobody took it any more, and reads no answer.

    Its segments are small, because the kernel gives the other end buffers by their size: megabytes on loopback.
    """
    assert server.subject.talk is not None
    host, request = server.hosts()[0], server.subject.talk.send
    peer = socket.socket(family_of(host), socket.SOCK_STREAM)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM_BYTES)
    with suppress(OSError):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
    peer.settimeout(Deadline(CONNECT_SECONDS).seconds)
    peer.connect((host, server.port))
    with suppress(OSError):  # TimeoutError when it is full; or it was turned away
        peer.settimeout(Deadline(TAKEN_SECONDS).seconds)
        piece = request * (1 + PIECE_BYTES // len(request))
        for _ in range(UNREAD_BYTES // len(piece)):
            peer.sendall(piece)
    with suppress(TimeoutError):
        wait_until(Rests(server).still, "the server to have done what it can", BUSY_SECONDS)
    return peer


def flood(channel: Channel, host: str, port: int) -> NoReturn:
    """Come and go as fast as possible, waiting for nothing, and tell once many have come; for a child of the probe,
    which ends it.
    """
    come = 0
    while True:
        peer = socket.socket(family_of(host), socket.SOCK_STREAM)
        peer.setblocking(False)
        peer.connect_ex((host, port))
        reset(peer)  # it leaves no connection in TIME_WAIT
        come += 1
        if come == MANY:
            channel.tell("flooding")


def knock(server: Server) -> socket.socket:
    """A socket on its way to be connected: into the queue, or, where that is full, once there is room.

    One of the Unix domain is connected: what does not block there fails (connect(2), EAGAIN).
    """
    if server.subject.transport == "unix":
        return server.connect()
    host = server.hosts()[0]
    peer = socket.socket(family_of(host), socket.SOCK_STREAM)
    peer.setblocking(False)
    error = peer.connect_ex((host, server.port))
    assert error in (0, errno.EINPROGRESS), os.strerror(error)
    return peer


def wait_connected(peer: socket.socket) -> None:
    """Raises AssertionError."""
    poller = select.poll()
    poller.register(peer, select.POLLOUT)
    assert poller.poll(Deadline(QUEUED_SECONDS).left() * 1000), f"not connected within {QUEUED_SECONDS:g} s"
    error = peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    assert error == 0, f"a client that queued is not connected: {os.strerror(error)}"


def connected_of(peers: Sequence[socket.socket], seconds: float) -> int:
    """How many of those that knocked are connected, once all are or the time is over. It takes no room to look."""
    poller, waiting = select.poll(), {peer.fileno() for peer in peers}
    for fd in waiting:
        poller.register(fd, select.POLLOUT)
    deadline = Deadline(seconds)
    while waiting and not deadline.passed():
        for fd, event in poller.poll(deadline.left() * 1000):
            poller.unregister(fd)
            if event == select.POLLOUT:
                waiting.discard(fd)
    return len(peers) - len(waiting)
