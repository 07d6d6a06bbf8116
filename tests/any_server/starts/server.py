"""A server that answers lines, and is started in the way that its first argument names.

server.py daemon PORT FILE [FAULT]   forks twice, writes its number to FILE, and goes on
server.py systemd                    has its listeners as descriptors from 3 on (sd_listen_fds(3))
server.py wait                       has a listener as its stdin, stdout and stderr (inetd(8)), and ends when nobody has
                                     come for a while
"""

import os
import select
import signal
import socket
import sys
import syslog
from contextlib import suppress

IDLE_SECONDS = 0.2


def main(way: str, *words: str) -> None:
    if way == "daemon":
        daemon(int(words[0]), *words[1:])
    elif way == "systemd":
        assert os.environ["LISTEN_PID"] == str(os.getpid())
        names = os.environ["LISTEN_FDNAMES"].split(":")
        assert len(names) == int(os.environ["LISTEN_FDS"])
        serve_all([socket.socket(fileno=number) for number, _ in enumerate(names, 3)], None)
    elif way == "wait":
        serve_all([socket.socket(fileno=0)], IDLE_SECONDS)


def daemon(port: int, file: str, fault: str = "") -> None:
    """The double fork of daemon(7), its listeners opened first, so that the command fails where it cannot have them."""
    file = os.path.abspath(file)
    listeners = [found for family in (socket.AF_INET, socket.AF_INET6) if (found := listen(family, port))]
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.umask(0o027)
    if fault == "hides a process":  # in a session of its own, by a parent that has gone
        hide(listeners)
    with open(f"{file}.new", "w") as new:
        new.write("not yet" if fault == "names nobody" else f"{1 if fault == 'names another' else os.getpid()}\n")
    os.rename(f"{file}.new", file)
    syslog.syslog(f"{fault or 'nothing'} is wrong")
    if fault == "ends at once":
        os._exit(3)
    serve_all(listeners, None, orphans_stay=fault == "orphans stay")


def hide(listeners: "list[socket.socket]") -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for each in listeners:
                each.close()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.pause()
        os._exit(0)


def listen(family: int, port: int) -> "socket.socket | None":
    try:
        found = socket.socket(family)
    except OSError:
        return None
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    found.bind(("", port))
    found.listen(128)
    return found


def serve_all(listeners: "list[socket.socket]", idle: "float | None", orphans_stay: bool = False) -> None:
    """A process for each client."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    lifeline, held = os.pipe()
    for each in listeners:
        each.setblocking(False)
    while ready := wait(listeners, seconds=idle):
        for each in listeners:
            if each.fileno() not in ready:
                continue
            with suppress(OSError):
                peer, _ = each.accept()
                peer.setblocking(True)
                if os.fork() == 0:
                    os.close(held)
                    for listener in listeners:
                        listener.close()
                    answer(peer, None if orphans_stay else lifeline)
                    if orphans_stay:
                        signal.pause()
                    os._exit(0)
                peer.close()


def answer(peer: socket.socket, lifeline: "int | None" = None) -> None:
    """A line in, a line out, until the client is gone, or the parent."""
    gone = [] if lifeline is None else [lifeline]
    with suppress(OSError):
        while lifeline not in wait([peer, *gone]):
            data = peer.recv(4096)
            if not data:
                return
            answers = b"hello\n" * data.count(b"\n")
            while answers and lifeline not in wait(gone, [peer]):
                answers = answers[peer.send(answers, socket.MSG_DONTWAIT) :]


def wait(reading: "list", writing: "tuple | list" = (), seconds: "float | None" = None) -> "set[int]":
    """The descriptors that are ready: poll(2), whose numbers may be any."""
    poller = select.poll()
    for each in reading:
        poller.register(each, select.POLLIN)
    for each in writing:
        poller.register(each, select.POLLOUT)
    return {fd for fd, _ in poller.poll(None if seconds is None else seconds * 1000)}


main(*sys.argv[1:])
