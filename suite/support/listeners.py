"""Which process holds the socket that a server is reached by, as /proc shows it."""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress

from support.address import Address
from support.proc import PROC

LISTENS, UNCONNECTED = "0A", "07"
"""State of a socket in /proc/net/tcp and in /proc/net/udp (include/net/tcp_states.h)."""
TABLES = {"tcp": LISTENS, "tcp6": LISTENS, "udp": UNCONNECTED, "udp6": UNCONNECTED}


def holders(place: Address, transport: str, pids: Collection[int]) -> list[int] | None:
    """Those of the processes that hold a listener, or a socket of UDP, of that port, or of that path.

    None where the system does not show it.
    """
    if not (PROC / "net").is_dir():
        return None
    sockets = _sockets(place, transport)
    return [pid for pid in pids if sockets & set(open_files(pid))]


def is_listener(pid: int, fd: int, place: Address, transport: str) -> bool:
    """Whether a descriptor of a process, or of a thread, is one that `holders` looks for."""
    try:
        return os.readlink(f"{PROC}/{pid}/fd/{fd}") in _sockets(place, transport)
    except OSError:
        return False


def _sockets(place: Address, transport: str) -> set[str]:
    return {f"socket:[{inode}]" for inode in _inodes(place, transport)}


def _inodes(place: Address, transport: str) -> Iterator[str]:
    """proc(5), /proc/net/tcp: sl local_address rem_address st …, inode is the tenth; /proc/net/unix: the seventh."""
    if transport == "unix":
        for words in rows("unix"):
            if words[7:] == [place.host]:
                yield words[6]
        return
    for table, state in TABLES.items():
        if table.startswith(transport):
            for words in rows(table):
                if words[3] == state and int(words[1].rpartition(":")[2], 16) == place.port:
                    yield words[9]


def rows(table: str) -> list[list[str]]:
    with suppress(OSError):  # a kernel without IPv6
        return [line.split() for line in (PROC / "net" / table).read_text().splitlines()[1:]]
    return []


def open_files(pid: int) -> Iterator[str]:
    """What its descriptors are links to; nothing of another user's process, and of one that has gone."""
    folder = f"{PROC}/{pid}/fd"
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(OSError):
                yield os.readlink(f"{folder}/{name}")
