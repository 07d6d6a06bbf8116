"""Servers that do not listen themselves: sockets of a service manager's, or of a super-server's, are handed to them.

sd_listen_fds(3): descriptors from 3 on, LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES. inetd(8): the connection as 0, 1 and 2
(`nowait`), or the listener, until the server ends (`wait`).
"""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from support.address import WILDCARDS, Address
from support.clients import KINDS
from support.holder import Holder, Household
from support.net import can_bind, family_of
from support.processes import Process, processes_of
from support.starting import Command
from support.subject import Promises

BACKLOG = 128
HAND_OVER = """
import fcntl, os, sys
given, names, *argv = sys.argv[1:]
numbers = [int(each) for each in given.split(",")]
end = 3 + len(numbers)
copies = [fcntl.fcntl(each, fcntl.F_DUPFD, end) for each in numbers]
for each in numbers:
    os.close(each)
for number, copy in enumerate(copies, 3):
    os.dup2(copy, number)
    os.close(copy)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(numbers)), LISTEN_FDNAMES=names)
try:
    os.execvp(argv[0], argv)
except OSError as error:
    sys.exit(f"{argv[0]}: {error.strerror}")
"""
"""LISTEN_PID is known to the process alone that becomes the server. F_DUPFD: no two of them are in each other's way."""


@dataclass(frozen=True)
class Listeners:
    """Sockets for a server, of each family that it promises; or one of the Unix domain."""

    sockets: Mapping[str, socket.socket]
    """By what LISTEN_FDNAMES calls them."""

    @classmethod
    def made(cls, transport: str, promises: Promises, place: Address) -> "Listeners":
        """Raises OSError: somebody else has the port."""
        made: dict[str, socket.socket] = {}
        try:
            if transport == "unix":
                made["unix"] = socket.socket(socket.AF_UNIX)
                made["unix"].bind(place.host)
                made["unix"].listen(BACKLOG)
                return cls(made)
            for wildcard in WILDCARDS:
                name = "ipv6" if ":" in wildcard else "ipv4"
                if promises[name] and can_bind(wildcard) is None:
                    made[name] = socket.socket(family_of(wildcard), KINDS[transport])
                    _bind(made[name], wildcard, place.port)
        except OSError:
            cls(made).close()
            raise
        return cls(made)

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(each.fileno() for each in self.sockets.values())

    @property
    def wrapper(self) -> tuple[str, ...]:
        """What goes in front of the command of a server that is to find them as a service manager hands them over."""
        numbers = ",".join(map(str, self.numbers))
        return (sys.executable, "-I", "-S", "-c", HAND_OVER, numbers, ":".join(self.sockets))

    def close(self) -> None:
        for each in self.sockets.values():
            each.close()


class SuperServer:
    """As inetd(8) does: a process that starts the server for each client, or for all while it runs. See `Started`."""

    def __init__(self, command: Command, listeners: Listeners, *, waits: bool) -> None:
        """`waits` for the end of the server that it has handed a listener; else it accepts, and hands that over."""
        # with vfork(2), which subprocess uses otherwise, it could not be stopped while its child is, before exec
        command = replace(command, prepare=command.prepare or (lambda: None))
        by_number = dict(zip(listeners.numbers, listeners.sockets.values(), strict=True))
        needed = (*listeners.numbers, command.stdout, command.stderr, *command.kept)

        def live(household: Household) -> None:
            household.begun(0, needed)
            serving: dict[int, int] = {}  # listener -> who has it
            while True:
                free = [fd for fd in by_number if fd not in serving or not household.runs(serving[fd])]
                for fd in household.wait(free):
                    if waits:
                        if pid := _served(command, by_number[fd]):
                            serving[fd] = pid
                        continue
                    with suppress(OSError):  # the client has gone again
                        peer, _ = by_number[fd].accept()
                        with peer:
                            _served(command, peer)

        self._holder = Holder(live, needed)
        self.pid = self._holder.pid

    @property
    def returncode(self) -> int | None:
        return self._holder.returncode

    def unknown(self, place: Address) -> str:
        return ""

    def poll(self) -> int | None:
        return self._holder.poll()

    def wait(self, timeout: float) -> int:
        raise subprocess.TimeoutExpired(["the super-server"], timeout)  # which goes on until `end`

    def processes(self) -> list[Process]:
        return processes_of(self.pid)

    def forks(self) -> list[int]:
        """Those of the server: what the super-server is like is not its business."""
        return [process.pid for process in self._holder.below() if not process.zombie]

    def end(self) -> None:
        self._holder.end()


def _bind(listener: socket.socket, wildcard: str, port: int) -> None:
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if listener.type == socket.SOCK_STREAM:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((wildcard, port))
    if listener.type == socket.SOCK_STREAM:
        listener.listen(BACKLOG)


def _served(command: Command, connection: socket.socket) -> int:
    """The number of the process that has the connection as its stdin, stdout and stderr; 0 where there is none."""
    fd = connection.fileno()
    try:
        return replace(command, stdout=fd, stderr=fd).spawn(stdin=fd)
    except OSError as error:
        os.write(command.stderr, f"{command.argv[0]}: {error.strerror}\n".encode())
        return 0
