"""strace's lines made comparable: what differs from run to run (ports, descriptors) named instead of numbered."""

import re
from collections.abc import Iterable
from itertools import zip_longest

from anyunix.text import safe

CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<result>.*)")
OF_TCP = re.compile(r"AF_INET6?, SOCK_STREAM\b")
IPV4 = re.compile(r'\{sa_family=AF_INET, sin_port=[^,]+, sin_addr=inet_addr\("([^"]*)"\)\}, \d+')
IPV6 = re.compile(r'\{sa_family=AF_INET6, .*?"([^"]*)".*\}, \d+')
FLAGS = re.compile(r"\|SOCK_(CLOEXEC|NONBLOCK)")
UNNAMED = re.compile(r"\|0x[0-9a-f]+")
LENGTH = re.compile(r"(\[\d+\]), \d+")


def listening_calls(lines: Iterable[str]) -> list[str]:
    """The calls on TCP sockets, in their order: `bind(fd, [::]:port)`; a failed one with its errno behind it.

    The resolver's own sockets (netlink, a datagram to sort addresses by) are left out.
    """
    sockets: set[str] = set()
    found = []
    for line in lines:
        call = CALL.search(line)
        if call is None:
            continue
        result, descriptor = call["result"].split()[0], call["arguments"].split(",")[0]
        if call["name"] == "socket":
            sockets.discard(result)
            if OF_TCP.match(call["arguments"]):
                sockets.add(result)
        if descriptor in sockets or OF_TCP.match(call["arguments"]):
            found.append(_named(call["name"], call["arguments"], call["result"], descriptor in sockets))
    return found


def side_by_side(here: Iterable[str], there: Iterable[str]) -> list[tuple[str, str, bool]]:
    """Rows of both lists; true in the first row that differs."""
    rows, parted = [], False
    for one, other in zip_longest(here, there, fillvalue=""):
        rows.append((one, other, one != other and not parted))
        parted = parted or one != other
    return rows


def flags_of_handler(lines: Iterable[str], signal: str) -> str:
    """The sa_flags with which a handler for `signal` was installed last, as strace names them; empty when none was."""
    found = ""
    for line in lines:
        if f"sigaction({signal}, {{sa_handler=0x" in line or f"sigaction({signal}, {{sa_sigaction=0x" in line:
            match = re.search(r"sa_flags=([\w|]+)", line)
            found = match[1] if match else found
    return safe(UNNAMED.sub("|…", found))


def _named(name: str, arguments: str, result: str, on_descriptor: bool) -> str:
    if on_descriptor:
        arguments = re.sub(r"^\d+", "fd", arguments)
    arguments = IPV4.sub(r"\1:port", IPV6.sub(r"[\1]:port", arguments))
    arguments = LENGTH.sub(r"\1", FLAGS.sub("", arguments))
    failed = f" {' '.join(result.split()[1:2])}" if result.startswith("-1") else ""
    return safe(f"{name}({arguments}){failed}")
