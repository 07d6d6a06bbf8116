"""A server of UDP that says `heard` and gives back what it was told; it breaks the contract that FAULT is for.

server.py PORT [FAULT]
"""

import os
import select
import signal
import socket
import struct
import sys

PORT = int(sys.argv[1])
FAULT = sys.argv[2] if len(sys.argv) > 2 else ""
IP_PKTINFO, IP_RECVERR, IPV6_RECVERR = 8, 11, 25  # <linux/in.h>, <linux/in6.h>
LINUX = sys.platform == "linux"


def bound(family: int, host: str) -> "socket.socket | None":
    try:
        found = socket.socket(family, socket.SOCK_DGRAM)
    except OSError:  # no IPv6 here
        return None
    if family == socket.AF_INET6:
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    elif LINUX:
        found.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    if LINUX and FAULT in (
        "",
        "a gone client ends it",
    ):  # without it, errors are for sockets that are connected alone (ip(7))
        level, option = (
            (socket.IPPROTO_IPV6, IPV6_RECVERR) if family == socket.AF_INET6 else (socket.IPPROTO_IP, IP_RECVERR)
        )
        found.setsockopt(level, option, 1)
    found.bind((host, PORT))
    return found


def answer(own: socket.socket) -> None:
    data, asked, _, client = own.recvmsg(65536, 512)
    if FAULT == "an empty one is the end" and not data:
        raise SystemExit("the end of the file")
    if FAULT == "long ones are too long" and len(data) > 8192:
        raise SystemExit("no room")
    said = b"heard " + data[:1000]
    if FAULT == "answers from wherever" or (own.family == socket.AF_INET and not LINUX):
        own.sendto(said, client)
    else:
        own.sendmsg([said], [from_there(*each) for each in asked], 0, client)


def from_there(level: int, kind: int, data: bytes) -> "tuple[int, int, bytes]":
    """The address that was asked, by whatever interface the answer goes (struct in_pktinfo, in6_pktinfo)."""
    if level == socket.IPPROTO_IP:
        return level, kind, struct.pack("i", 0) + data[8:12] + data[8:12]
    return level, kind, data[:16] + struct.pack("i", 0)


def main() -> None:
    hosts = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))
    sockets = [found for found in (bound(*each) for each in hosts) if found]
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    served = 0
    while True:
        for own in select.select(sockets, [], [])[0]:
            try:
                answer(own)
            except ConnectionRefusedError:  # a client is gone
                if FAULT == "a gone client ends it":
                    raise
            served += 1
            if FAULT == "fifty are enough" and served > 50:
                os.kill(os.getpid(), signal.SIGSTOP)


main()
