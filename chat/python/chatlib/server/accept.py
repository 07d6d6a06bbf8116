"""The parent: listens, accepts, forks Child RECV for each client, reaps, and ends them all."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence

from chatlib.common.errors import ServiceError, reason
from chatlib.common.io import close_once
from chatlib.server.children import Children
from chatlib.server.connection import is_gone
from chatlib.server.forking import fork_child
from chatlib.server.listeners import bound_address
from chatlib.server.places import Places
from chatlib.server.recv import Receiver, Rules
from chatlib.server.turn_away import TurnedAway
from chatlib.server.wakeup import ENDING, Wakeup

_ACCEPTS_AT_ONCE = 64
_PAUSE = 0.1
"""Seconds to leave the listeners alone when descriptors or memory have run out."""

# The connection is gone, or its network is (accept(2) on Linux hands the latter on): the next one may be fine.
_ONLY_THIS_CONNECTION = frozenset(
    getattr(errno, name, 0)
    for name in (
        *("ECONNABORTED", "ECONNRESET", "EPROTO", "EINTR", "ENETDOWN", "ENOPROTOOPT"),
        *("EHOSTDOWN", "ENONET", "EHOSTUNREACH", "EOPNOTSUPP", "ENETUNREACH", "ETIMEDOUT"),
    )
)
_LISTENER_UNUSABLE = (errno.EBADF, errno.EFAULT, errno.EINVAL, errno.ENOTSOCK)


class Parent:
    """Owns the listeners and the children."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        rules: Rules,
        places: Places,
        *,
        front: int | None,
        close_in_child: Callable[[], None],
    ) -> None:
        """Catch signals from here on. OSError when descriptors run out.

        EOF of *front* means that the process in front died; *close_in_child* closes what else the caller holds open.
        """
        self._listeners = {listener.fileno(): listener for listener in listeners}
        self._rules = rules
        self._places = places
        self._front = front
        self._close_in_child = close_in_child
        self._turned_away = TurnedAway()
        self._arrived: deque[tuple[socket.socket, float]] = deque()
        self._resume = 0.0
        self._complained = False
        self._ending = False
        self._wakeup = Wakeup((*ENDING, signal.SIGCHLD))
        self._children = Children(self._wakeup)

    def serve(self) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP, or until the process in front died; then end every child.

        ServiceError when a listener is unusable.
        """
        try:
            while True:
                ready = self._sleep()
                ending = self._is_told_to_end()
                self._places.answer(self._children)
                if ending or self._front in ready:
                    return
                for descriptor in ready.intersection(self._listeners):
                    self._accept(self._listeners[descriptor])
                self._turned_away.tend(ready)
        finally:
            self._end_all()

    def _is_told_to_end(self) -> bool:
        """Look at the signals that came: reap, and say whether one of them ends the server."""
        signals = self._wakeup.drain()
        if signals:
            self._children.reap()
        self._ending = self._ending or not ENDING.isdisjoint(signals)
        return self._ending

    def _sleep(self) -> set[int]:
        """Sleep until something is to be done; return the descriptors that are ready."""
        now = time.monotonic()
        descriptors = [self._wakeup.fileno(), self._places.fileno(), *self._turned_away.descriptors()]
        deadlines = self._turned_away.deadlines()
        if self._front is not None:
            descriptors.append(self._front)
        if now < self._resume:
            deadlines.append(self._resume)
        else:
            descriptors.extend(self._listeners)
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        left = max(0.0, min(deadlines) - now) * 1000 if deadlines else None
        return {descriptor for descriptor, _ in poll.poll(left)}

    def _accept(self, listener: socket.socket) -> None:
        """Accept all that wait, then serve them: a fork lasts long, and the queue's room is the kernel's."""
        self._accept_queued(listener)
        while self._arrived and not self._is_told_to_end():
            self._admit(*self._arrived.popleft())

    def _accept_queued(self, listener: socket.socket) -> None:
        while len(self._arrived) < _ACCEPTS_AT_ONCE:
            try:
                connection, _address = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _LISTENER_UNUSABLE:
                    raise ServiceError(f"cannot accept on {bound_address(listener)}: {reason(error)}") from None
                # What those have taken who are here is free again when they are served.
                if error.errno not in _ONLY_THIS_CONNECTION and not self._arrived:
                    self._pause(error)
                return
            self._complained = False
            self._arrived.append((connection, time.monotonic()))

    def _pause(self, error: OSError) -> None:
        """Leave the listeners alone for 0.1 s, and say why: once, not ten times a second."""
        self._resume = time.monotonic() + _PAUSE
        if not self._complained:
            self._rules.report.line(f"cannot accept a client, trying again: {error.strerror}")
        self._complained = True

    def _admit(self, connection: socket.socket, accepted: float) -> None:
        """Fork Child RECV for *connection*, *accepted* at that time.monotonic(), or answer why not."""
        refusal = self._reason_against(connection)
        if refusal is not None:
            self._turned_away.add(connection, refusal)
            return

        def receive() -> int:
            self._close_parents()
            return Receiver(connection, accepted, self._rules, self._children.descendants_tie, self._places.ask).run()

        try:
            self._children.add(fork_child(receive, self._rules.report))
        except OSError as error:
            self._rules.report.line(f"cannot fork for a client: {error.strerror}")
            self._turned_away.add(connection, "busy")
            return
        close_once(connection.close)

    def _reason_against(self, connection: socket.socket) -> str | None:
        """Return why there is no room for *connection*, or None."""
        self._children.reap()
        self._places.answer(self._children)
        if self._places.are_taken(self._children):
            return "full"
        # It has closed without a word: no HELLO will come, and its answer needs no process.
        if is_gone(connection):
            return "bad-hello"
        self._places.make_room(self._children)
        return None

    def _close_parents(self) -> None:
        """Close what is the parent's: a child must keep neither the port nor the pid file's lock, nor others."""
        for connection, _accepted in self._arrived:
            connection.close()
        self._children.forget()
        self._places.forget()
        self._wakeup.close()
        for listener in self._listeners.values():
            listener.close()
        self._turned_away.close()
        if self._front is not None:
            os.close(self._front)
        self._close_in_child()

    def _end_all(self) -> None:
        """End every process of this server; returns within 2 s."""
        for listener in self._listeners.values():
            listener.close()
        self._turned_away.close()
        self._children.end()
