"""A server that keeps every contract about any server, and breaks the one that its second argument names."""

import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress

PORT, FAULT = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
EDGES: "list[select.epoll]" = []
LISTED = [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]


def listener(family: int, host: str) -> "socket.socket | None":
    try:
        found = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        if FAULT == "needs IPv6":
            raise
        return None
    if FAULT != "no SO_REUSEADDR":
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if FAULT == "SO_REUSEPORT":
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    found.bind((host, PORT))
    found.listen(5 if FAULT == "short queue" else 128)  # healthy either way
    if FAULT == "slow to start":  # healthy, but not done with its first address
        time.sleep(0.3)
    return found


def reap(*_: object) -> None:
    if FAULT == "reaps nobody":
        return
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def serve(peer: socket.socket, lifeline: int) -> None:
    """A line in, a line out, until the client or the parent is gone."""
    while True:
        readable, _, _ = select.select([peer, *([] if FAULT == "orphans stay" else [lifeline])], [], [])
        if lifeline in readable:
            return
        data = peer.recv(4096)
        if not data:
            if FAULT == "orphans stay":
                signal.pause()
            return
        if FAULT == "waits for more" and select.select([peer], [], [], 0.1)[0] and not peer.recv(4096):
            signal.pause()  # its client has ended its side, and gets nothing
        if FAULT == "SIGPIPE kills":
            time.sleep(0.05)  # a fault of its own: by now the client is gone
        if FAULT == "dies of its clients" and data.count(b"\n") > 1:
            sys.stderr.write("so many clients\n")
            sys.stderr.flush()
            os.kill(os.getppid(), signal.SIGSEGV)
        for _ in range(data.count(b"\n")):
            try:
                peer.sendall(b"hello\n")
            except OSError:
                if FAULT != "SIGPIPE kills":
                    raise


def with_clients(listeners: "list[socket.socket]") -> "list[socket.socket]":
    """The listeners that have clients, or, with a fault, those that have got one since they were asked last."""
    if FAULT != "accepts one of several":
        return select.select(listeners, [], [])[0]
    if not EDGES:
        EDGES.append(select.epoll())
        for each in listeners:
            EDGES[0].register(each, select.EPOLLIN | select.EPOLLET)
    found = {fd for fd, _ in EDGES[0].poll()}
    return [each for each in listeners if each.fileno() in found]


def main() -> None:
    hosts = {"IPv4 alone": LISTED[:1], "IPv6 alone": LISTED[1:]}.get(FAULT, LISTED)
    if FAULT == "loopback alone":
        hosts = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    listeners = [found for found in (listener(*each) for each in hosts) if found]
    lifeline, held = os.pipe()
    signal.signal(signal.SIGCHLD, reap)
    if FAULT == "ignores SIGTERM":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if FAULT == "SIGPIPE kills":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    print("serving", flush=True)
    if len(sys.argv) > 3:
        open(sys.argv[3], "x" if FAULT == "leaves its pid file" else "w").close()
    kept = []
    while True:
        for ready in with_clients(listeners):
            try:
                peer, _ = ready.accept()
            except OSError:
                if FAULT == "dies of EMFILE":
                    raise
                continue
            if FAULT == "asks who it was":
                peer.getpeername()
            if FAULT in ("one at a time", "SIGPIPE kills"):  # in the one process that there is
                with suppress(OSError), peer:
                    serve(peer, lifeline)
                continue
            try:
                pid = os.fork()
            except OSError:
                peer.close()
                continue
            if pid == 0:
                os.close(held)
                for each in listeners:
                    each.close()
                with suppress(OSError):
                    serve(peer, lifeline)
                os._exit(0)
            if FAULT in ("keeps descriptors", "dies of EMFILE"):
                kept.append(peer)
            else:
                peer.close()


main()
