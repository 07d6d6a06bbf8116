"""What a server prints: the first and the last of it, however much that is.

A file would grow as fast as the server writes, a pipe that nobody reads would stop it, and RLIMIT_FSIZE would change
it. So its stdout and stderr are pipes, and a small process empties them. It is forked: an interpreter of its own would
cost 0.1 s a server, and a thread would be in the way of probes that fork. Before the server starts it has closed every
other descriptor, so that it holds no connection, listener or lock of the probe.
"""

import os
import select
import signal
import socket
from contextlib import suppress
from pathlib import Path

from support.deadline import Deadline

NAMES = ("stdout", "stderr")
KEPT_BYTES = 256 * 1024
"""Of the start of each; of its end this many to twice as many."""
PIECE_BYTES = 64 * 1024
PIPE_BYTES = 1 << 20
"""What a pipe holds at most (Linux: fs.pipe-max-size; less elsewhere)."""
ANSWER_SECONDS = 10.0
DESCRIPTORS = 4096
"""Numbers that are closed where the system does not list those in use."""
GAP = b"\n[what came here is left out]\n"


class Output:
    """The pipes that a server gets for its stdout and stderr, and what came through them. It ends with `end`."""

    def __init__(self, folder: Path, user: int | None = None) -> None:
        """`folder` is made for what is kept. A server that runs as another `user` may open /dev/stderr again."""
        folder.mkdir()
        self._folder, self._ended = folder, 0
        pipes = [os.pipe() for _ in NAMES]
        self.stdout, self.stderr = (writing for _, writing in pipes)
        if user is not None:
            for _, writing in pipes:
                os.fchown(writing, user, -1)
        self._here, there = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            _live([reading for reading, _ in pipes], there, folder)
        there.close()
        for reading, _ in pipes:
            os.close(reading)
        self._answer()  # from here on it holds nothing of this process

    def handed_over(self) -> None:
        """The server has its pipes, or did not start: when its last process has closed them, they are at their end."""
        os.close(self.stdout)
        os.close(self.stderr)

    def read(self, name: str) -> bytes:
        """All that was kept of what the server had written when this was called."""
        self._settle()
        pieces = {int(path.suffix[1:]): path for path in self._folder.glob(f"{name}.*")}
        data, expected = b"", 0
        for number, path in sorted(pieces.items()):
            with suppress(FileNotFoundError):  # the server writes on, and this is no longer of the last
                data += (b"" if number == expected else GAP) + path.read_bytes()
                expected = number + 1
        return data

    def ended(self, name: str) -> bool:
        """Whether the server and all that it started have closed it."""
        self._settle()
        return bool(self._ended >> NAMES.index(name) & 1)

    def end(self) -> None:
        """Keep what has come so far, and have no process any more."""
        with suppress(OSError):
            self._here.shutdown(socket.SHUT_WR)
            self._answer()
        self._here.close()
        with suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def _settle(self) -> None:
        """Let it take everything that is in the pipes now."""
        with suppress(OSError):  # it has ended, so nothing will change
            self._here.send(b"?")
            self._answer()

    def _answer(self) -> None:
        self._here.settimeout(Deadline(ANSWER_SECONDS).seconds)
        if answer := self._here.recv(1):
            self._ended = answer[0]


class Kept:
    """Files of KEPT_BYTES and a little more, numbered from 0; the first and the last two are there."""

    def __init__(self, path: Path) -> None:
        self._path, self._number, self._size = path, 0, 0
        self._file = self._open()

    def add(self, data: bytes) -> None:
        """Raises OSError."""
        if self._size >= KEPT_BYTES:
            os.close(self._file)
            self._number, self._size = self._number + 1, 0
            if self._number > 2:
                self._named(self._number - 2).unlink()
            self._file = self._open()
        os.write(self._file, data)
        self._size += len(data)

    def _open(self) -> int:
        return os.open(self._named(self._number), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def _named(self, number: int) -> Path:
        return self._path.with_suffix(f".{number}")


def _live(pipes: list[int], control: socket.socket, folder: Path) -> None:
    """The whole life of the process that empties the pipes; never returns into pytest."""
    try:
        os.setsid()  # a signal for the probe's process group, as a terminal's Ctrl-C, is not for this one
        _close_all_but({*pipes, control.fileno()})
        _empty(pipes, control, [Kept(folder / name) for name in NAMES])
    finally:
        os._exit(0)


def _empty(pipes: list[int], control: socket.socket, kept: list[Kept]) -> None:
    """Until nobody asks any more: each byte is a question whether all is taken; the answer says which are at an end."""
    poller = select.poll()
    for fd in (*pipes, control.fileno()):
        poller.register(fd, select.POLLIN)
    ended = 0
    control.send(bytes([ended]))
    while True:
        asked = False
        ready = poller.poll()
        for _ in range(PIPE_BYTES // PIECE_BYTES):
            asked = asked or control.fileno() in dict(ready)
            came = [pipes.index(fd) for fd, _ in ready if fd in pipes]
            for number in came:
                data = os.read(pipes[number], PIECE_BYTES)
                if not data:
                    poller.unregister(pipes[number])
                    ended |= 1 << number
                with suppress(OSError):  # the disk is full: what does not fit is not kept, and the server goes on
                    kept[number].add(data)
            if not came:
                break
            ready = poller.poll(0)
        if asked:
            if not control.recv(1):
                return
            control.send(bytes([ended]))


def _close_all_but(needed: set[int]) -> None:
    try:
        numbers = {int(name) for name in os.listdir("/proc/self/fd")}
    except OSError:
        numbers = set(range(DESCRIPTORS))
    for fd in numbers - needed:
        with suppress(OSError):
            os.close(fd)
