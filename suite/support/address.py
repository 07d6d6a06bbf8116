"""Addresses that a server listens on: those that it names, or those that answer."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from support.deadline import POLL_SECONDS, Deadline
from support.interfaces import interface_addresses
from support.net import can_bind, reach_error, show

LOOPBACKS = ("127.0.0.1", "127.0.0.2", "::1")
QUEUE_SECONDS = 7.5
"""For an address that does not answer at once, though others do: its SYN may have found no room in the queue."""
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
Error = Callable[[str, int, float], str | None]
"""Why nobody answers at an address and port within so many seconds; None where somebody does."""


@dataclass(frozen=True)
class Address:
    """One address that a server bound."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        host, _, port = text.rpartition(":")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return show(self.host, self.port) if self.port else self.host


def own_addresses() -> list[str]:
    """127.0.0.1, ::1, 127.0.0.2 where the whole of 127.0.0.0/8 is local, and those of the interfaces."""
    return [*(address for address in LOOPBACKS if can_bind(address) is None), *interface_addresses()]


def listening_on(port: int, patience: float = 0.0, error: Error = reach_error) -> tuple[Address, ...]:
    """The addresses that answer on a port; the wildcard where all of a family do, and it has several.

    Judged by connecting, or what else gives an `error`: a listening table differs on each system. Addresses that refuse
    are asked again until none has answered for so many seconds of `patience`, for a server that stops listening now and
    then, at each client perhaps. One that this machine has lost meanwhile (a container's network was removed) says
    nothing about the server.
    """
    found: list[str] = []
    addresses = own_addresses()
    refusing = _refusing(addresses, port, patience, error)
    for wildcard in WILDCARDS:
        family = [address for address in addresses if (":" in address) == (":" in wildcard)]
        answering = [address for address in family if address not in refusing]
        silent = [address for address in family if address in refusing and can_bind(address) is None]
        found += [wildcard] if len(answering) > 1 and not silent else answering
    return tuple(Address(host, port) for host in found)


def _refusing(addresses: Sequence[str], port: int, patience: float, error: Error) -> Sequence[str]:
    """Those that do not answer: all are asked in turn, so that many cost no more time than one."""
    deadline = Deadline(patience)
    while True:
        is_last = deadline.passed()  # each is asked once more then, however long others took
        refusing = [address for address in addresses if error(address, port, QUEUE_SECONDS) is not None]
        if is_last or not refusing:
            return refusing
        if len(refusing) < len(addresses):
            addresses, deadline = refusing, Deadline(patience)
        time.sleep(POLL_SECONDS)  # nothing announces a listener: poll
