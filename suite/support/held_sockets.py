"""What the processes of a server listen on, as Linux's tables show it (proc_pid_net(5))."""

import socket
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from support.listeners import TABLES, open_files, rows
from support.net import show
from support.proc import PROC

ACCEPTS = 0x10000
"""Flag of a listener in /proc/net/unix (__SO_ACCEPTCON in include/linux/net.h)."""


@dataclass(frozen=True, order=True)
class Held:
    """A socket that clients can come by."""

    transport: str
    """`tcp`, `udp` or `unix`."""
    host: str
    """A numeric address, or a path."""
    port: int
    pid: int
    """The first of the processes that hold it."""

    def __str__(self) -> str:
        return f"{self.transport} {show(self.host, self.port) if self.port else self.host}"


def held_by(pids: Collection[int]) -> list[Held] | None:
    """Those of the processes, in order; None where the system does not show them."""
    if not (PROC / "net").is_dir():
        return None
    owner: dict[str, int] = {}
    for pid in sorted(pids):
        for name in open_files(pid):
            owner.setdefault(name, pid)
    found = [
        Held(transport, host, port, owner[f"socket:[{inode}]"])
        for inode, transport, host, port in (*_internet(), *_paths())
        if f"socket:[{inode}]" in owner
    ]
    return sorted(set(found))


def _internet() -> Iterator[tuple[str, str, str, int]]:
    """Inode, transport, address and port of each listener of TCP and each unconnected socket of UDP."""
    for table, state in TABLES.items():
        for words in rows(table):
            if words[3] == state:
                host, _, port = words[1].rpartition(":")
                yield words[9], table[:3], _address(host), int(port, 16)


def _paths() -> Iterator[tuple[str, str, str, int]]:
    for words in rows("unix"):
        if len(words) > 7 and int(words[3], 16) & ACCEPTS:
            yield words[6], "unix", " ".join(words[7:]), 0


def _address(digits: str) -> str:
    """The kernel prints each 32 bits of an address as a number of this machine's byte order."""
    numbers = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    family = socket.AF_INET if len(numbers) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, struct.pack(f"={len(numbers)}I", *numbers))
