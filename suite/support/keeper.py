"""The process that empties the pipes of servers, one for all of them, and keeps the first and the last of what comes.

It is forked once: an interpreter of its own would cost 0.1 s, a fork of pytest for each server some milliseconds of
CPU, and a thread would be in the way of probes that fork. It has closed every descriptor that it inherited, and gets
those that it needs by SCM_RIGHTS (unix(4)), so it holds no connection, listener or lock of a probe.
"""

import os
import select
import socket
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

NAMES = ("stdout", "stderr")
KEPT_BYTES = 256 * 1024
"""Of the start of each; of its end this many to twice as many."""
PIECE_BYTES = 64 * 1024
PIPE_BYTES = 1 << 20
"""What a pipe holds at most (Linux: fs.pipe-max-size; less elsewhere)."""
DESCRIPTORS = 4096
"""Numbers that are closed where the system does not list those in use."""


def take_over(pipes: Sequence[int], control: int, folder: Path) -> None:
    """Have the keeper empty `pipes`, in the order of NAMES, into files in `folder`, until `control` is at its end.

    It first sends a byte on `control`, and one for each that comes there: all that was in the pipes then is in the
    files, and its bits say which of the pipes are at an end.
    """
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        descriptors = [*pipes, control, directory]
        try:
            socket.send_fds(_keeper(), [b"+"], descriptors)
        except OSError:  # somebody has killed it
            _keeper.cache_clear()
            socket.send_fds(_keeper(), [b"+"], descriptors)
    finally:
        os.close(directory)


@cache
def _keeper() -> socket.socket:
    """The way to a keeper, which ends with this process."""
    here, there = socket.socketpair()
    if os.fork() == 0:
        _live(there)
    there.close()
    return here


def _live(door: socket.socket) -> None:
    """The keeper's whole life; never returns into pytest."""
    try:
        os.setsid()  # a signal for the probe's process group, as a terminal's Ctrl-C, is not for this one
        close_all_but({door.fileno()})
        _keep(door)
    finally:
        os._exit(0)


def _keep(door: socket.socket) -> None:
    """Until nobody can come any more."""
    kept: list[Kept] = []
    while True:
        owner = {fd: one for one in kept for fd in one.descriptors()}
        poller = select.poll()
        for fd in (door.fileno(), *owner):
            poller.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poller.poll()}
        if door.fileno() in ready:
            _, descriptors, _, _ = socket.recv_fds(door, 1, len(NAMES) + 2)
            if not descriptors:
                return
            kept.append(Kept(*descriptors))
        for one in {id(owner[fd]): owner[fd] for fd in ready & owner.keys()}.values():
            if not one.serve():
                one.close()
                kept.remove(one)


class Kept:
    """What one server prints."""

    def __init__(self, stdout: int, stderr: int, control: int, directory: int) -> None:
        self._pipes = [stdout, stderr]
        self._control = socket.socket(fileno=control)
        self._directory = directory
        self._files = [Pieces(directory, name) for name in NAMES]
        self._ended = 0
        self._answer()

    def descriptors(self) -> list[int]:
        """Those to look at."""
        open_pipes = [fd for number, fd in enumerate(self._pipes) if not self._ended >> number & 1]
        return [self._control.fileno(), *open_pipes]

    def serve(self) -> bool:
        """Take what has come and answer who asks; False when nobody will ask any more."""
        asked = False
        for _ in range(PIPE_BYTES // PIECE_BYTES):
            poller = select.poll()
            for fd in self.descriptors():
                poller.register(fd, select.POLLIN)
            ready = {fd for fd, _ in poller.poll(0)}
            asked = asked or self._control.fileno() in ready
            came = [number for number, fd in enumerate(self._pipes) if fd in ready]
            for number in came:
                self._take(number)
            if not came:
                break
        if not asked:
            return True
        with suppress(OSError):
            if self._control.recv(1):
                self._answer()
                return True
        return False

    def close(self) -> None:
        for pieces in self._files:
            pieces.close()
        for fd in (*self._pipes, self._directory):
            os.close(fd)
        self._control.close()

    def _take(self, number: int) -> None:
        data = os.read(self._pipes[number], PIECE_BYTES)
        if not data:
            self._ended |= 1 << number
        with suppress(OSError):  # the disk is full: what does not fit is not kept, and the server goes on
            self._files[number].add(data)

    def _answer(self) -> None:
        with suppress(OSError):
            self._control.send(bytes([self._ended]))


class Pieces:
    """Files of KEPT_BYTES and a little more, numbered from 0; the first and the last two are there."""

    def __init__(self, directory: int, name: str) -> None:
        self._directory, self._name = directory, name
        self._number, self._size = 0, 0
        self._file = self._open()

    def add(self, data: bytes) -> None:
        """Raises OSError."""
        if self._size >= KEPT_BYTES:
            os.close(self._file)
            self._number, self._size = self._number + 1, 0
            if self._number > 2:
                os.unlink(f"{self._name}.{self._number - 2}", dir_fd=self._directory)
            self._file = self._open()
        os.write(self._file, data)
        self._size += len(data)

    def close(self) -> None:
        os.close(self._file)

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        return os.open(f"{self._name}.{self._number}", flags, 0o600, dir_fd=self._directory)


def close_all_but(needed: Collection[int]) -> None:
    """Close every descriptor of this process but those."""
    try:
        numbers = {int(name) for name in os.listdir("/proc/self/fd")}
    except OSError:
        numbers = set(range(DESCRIPTORS))
    for fd in numbers - {*needed}:
        with suppress(OSError):
            os.close(fd)
