"""Linux's table of TCP connections (proc_pid_net(5)): what a program has asked for on its side of one."""

from contextlib import suppress

from support.deadline import wait_until
from support.proc import PROC

TABLES = ("net/tcp", "net/tcp6")
ESTABLISHED, RETRANSMIT, KEEPALIVE = "01", "01", "02"
"""Of `st`, and of `tr`, the timer that runs."""


def is_kept_alive(local_port: int, remote_port: int) -> bool | None:
    """Whether the end at `local_port` of an idle connection on this machine asks now and then whether the other one is
    there (SO_KEEPALIVE); None where it is not connected any more, or that is not shown.
    """

    def looked() -> tuple[str | None] | None:
        row = _row(local_port, remote_port)
        timer = row[5].partition(":")[0] if row else None
        return None if timer == RETRANSMIT else (timer,)

    (timer,) = wait_until(looked, "what was sent to be acknowledged")
    return None if timer is None else timer == KEEPALIVE


def wait_read(local_port: int, remote_port: int, seconds: float) -> None:
    """Wait until the program at `local_port` has read all that has come for it, but no longer than that; where this is
    not shown, for that time.
    """

    def nothing_waits() -> bool:
        row = _row(local_port, remote_port)
        return row is not None and int(row[4].partition(":")[2], 16) == 0

    with suppress(TimeoutError):
        wait_until(nothing_waits, "it to be read", seconds)


def _row(local_port: int, remote_port: int) -> list[str] | None:
    """sl, local address, remote address, st, queues for sending and receiving, tr and its time, …"""
    for table in TABLES:
        path = PROC / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            ports = [int(address.rpartition(":")[2], 16) for address in fields[1:3]]
            if ports == [local_port, remote_port] and fields[3] == ESTABLISHED:
                return fields
    return None
