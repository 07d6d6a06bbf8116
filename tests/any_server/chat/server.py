"""A chat server as the paper's: a process that receives and one that sends for each client, a log, SIGUSR1 to all.

    server.py PORT LOG [FAULT]

A line of one client comes to all, those who come later too. It keeps every contract about any server, and breaks the
one that its third argument is for.
"""

import fcntl
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress

PORT, LOG = int(sys.argv[1]), sys.argv[2]
FAULT = sys.argv[3] if len(sys.argv) > 3 else ""
HOSTS = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))


def listeners() -> "list[socket.socket]":
    found = []
    for family, host in HOSTS:
        try:
            listener = socket.socket(family, socket.SOCK_STREAM)
        except OSError:  # no IPv6 here
            continue
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, PORT))
        listener.listen(128)
        listener.setblocking(False)
        found.append(listener)
    return found


def open_log() -> int:
    return os.open(LOG, os.O_RDWR | os.O_CREAT, 0o600)


def append(log: int, record: bytes) -> None:
    """At the end of the log, which nobody else moves meanwhile, unless the lock is one for all."""
    fcntl.flock(log, fcntl.LOCK_EX)
    end = os.fstat(log).st_size
    if FAULT == "log opened before the fork":
        time.sleep(0.01)  # as long as a busy disk takes
    os.pwrite(log, record, end)
    fcntl.flock(log, fcntl.LOCK_UN)


def send(peer: socket.socket, log: int) -> None:
    """The process that sends: what is new, whenever SIGUSR1 says that there is something."""
    sent = 0
    while True:
        fcntl.flock(log, fcntl.LOCK_SH)
        piece = os.pread(log, 65536, sent)
        fcntl.flock(log, fcntl.LOCK_UN)
        sent += len(piece)
        if piece:
            peer.sendall(piece)
        elif FAULT == "lost wake-up":
            time.sleep(0.01)  # between looking and waiting, where a signal is taken by the handler
            signal.pause()
        else:
            signal.sigwait({signal.SIGUSR1})  # it is blocked, so that one that came meanwhile is still there


def receive(peer: socket.socket, log: int, lifeline: int) -> None:
    """The process that receives, until the client or the first process has gone; the one that sends ends with it."""
    sender = os.fork()
    if sender == 0:
        if FAULT == "lost wake-up":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        with suppress(OSError):
            send(peer, log if FAULT == "log opened before the fork" else open_log())
        os._exit(0)
    try:
        rest, count = b"", 0
        while peer in select.select([peer, lifeline], [], [])[0] and (data := peer.recv(65536)):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines[:1] if FAULT == "one read is one message" else lines:
                if FAULT == "second message kills the sender" and count == 1:
                    os.kill(os.getpid(), signal.SIGSEGV)
                append(log, (line + b"\n") * (2 if FAULT == "doubles" else 1))
                os.killpg(0, signal.SIGUSR1)
                count += 1
            if FAULT == "a hundred are enough" and count > 100:
                return
    except ConnectionResetError:
        if FAULT == "a reset ends it":
            os.kill(os.getppid(), signal.SIGTERM)
    finally:
        if FAULT == "one who leaves takes others along":
            os.killpg(0, signal.SIGUSR2)
        os.kill(sender, signal.SIGKILL)
        os.waitpid(sender, 0)


def reap(*_: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    open_listeners = listeners()
    shared = open_log()
    lifeline, held = os.pipe()
    # for all processes, so that it is there for one that sends from that one's first moment on
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, reap)
    while True:
        for listener in select.select(open_listeners, [], [])[0]:
            try:
                peer, _ = listener.accept()
            except BlockingIOError:  # another was faster, or it is gone
                continue
            except OSError:
                if FAULT == "one accept error ends it":
                    raise
                continue
            with peer:
                try:
                    pid = os.fork()
                except OSError:
                    continue
                if pid == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    signal.signal(signal.SIGUSR2, signal.SIG_DFL)
                    os.close(held)
                    for each in open_listeners:
                        each.close()
                    peer.setblocking(True)
                    with suppress(OSError):
                        receive(peer, shared if FAULT == "log opened before the fork" else open_log(), lifeline)
                    os._exit(0)


main()
