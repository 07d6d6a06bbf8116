"""A server that keeps every contract about any server; each file in faults/ changes it so that it breaks one.

    server.py PORT FOLDER [daemon]

A line `hi` is answered with `hello`, any other ends the connection. A process for each client.
"""

import errno
import os
import select
import signal
import socket
import stat
import sys
from contextlib import suppress
from pathlib import Path

FAMILIES = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
NO_FAMILY = (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EADDRNOTAVAIL)
ENDS = (signal.SIGTERM, signal.SIGINT)
RELOADS = (signal.SIGHUP, signal.SIGUSR2)
CAUGHT = (*ENDS, *RELOADS, signal.SIGCHLD)
BACKLOG, LONGEST, RETRY_MS = 128, 4096, 100


def main(port: int, folder: Path, way: str = "") -> None:
    open_standard_descriptors()
    os.umask(0o022)
    folder = folder.absolute()
    alarm = catch_signals()
    listeners = [found for family in FAMILIES if (found := listen(family, port))]
    if way == "daemon":
        detach()
    name_oneself(folder / "pid")
    lifeline, held = os.pipe()
    accept_until_told(listeners, alarm, lifeline, (held, *alarm), folder)


def detach() -> None:
    """The double fork of daemon(7), but for the second: it opens no terminal."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")


def name_oneself(path: Path) -> None:
    """A file that is there with all of its content, whatever file was there before, or link.

    A device is none: it would be replaced, and with it what others use.
    """
    with suppress(FileNotFoundError):
        if not (stat.S_ISREG(mode := path.lstat().st_mode) or stat.S_ISLNK(mode)):
            sys.exit(f"{path}: neither a file nor a link")
    new = path.with_suffix(".new")
    note(new, f"{os.getpid()}\n")
    os.replace(new, path)


def open_standard_descriptors() -> None:
    """What is not open is taken by the next socket, and who writes to stderr writes to a client."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)


def catch_signals() -> "tuple[int, int]":
    """A pipe that gets the number of each."""
    reading, writing = os.pipe()
    for fd in (reading, writing):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in CAUGHT:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    return reading, writing


def listen(family: socket.AddressFamily, port: int) -> "socket.socket | None":
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((FAMILIES[family], port))
    except OSError as error:
        if error.errno in NO_FAMILY:
            return None
        raise
    listener.setblocking(False)
    listener.listen(BACKLOG)
    return listener


def accept_until_told(
    listeners: "list[socket.socket]", alarm: "tuple[int, int]", lifeline: int, held: "tuple[int, ...]", folder: Path
) -> None:
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    poller = select.poll()
    for fd in (alarm[0], *(listener.fileno() for listener in listeners)):
        poller.register(fd, select.POLLIN)
    served = 0
    while True:
        ready = {fd for fd, _ in poller.poll()}
        if alarm[0] in ready:
            told = os.read(alarm[0], 512)
            reap()
            if any(number in told for number in RELOADS):
                reload(listeners)
            if any(number in told for number in ENDS):
                return
        for listener in listeners:
            if listener.fileno() not in ready:
                continue
            try:
                peer, address = listener.accept()
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    wait_for_room(alarm[0])
                continue
            with peer:
                start(peer, listeners, lifeline, held)
            served += 1
            say(f"{address[0]} came")
            enter(log, f"{address[0]} came")
            note(folder / "served", f"{served}\n")


def reload(listeners: "list[socket.socket]") -> None:
    """There is nothing to read again; and the listeners stay as they are."""


def wait_for_room(alarm: int) -> None:
    """The connection stays in the queue, so poll would return at once."""
    poller = select.poll()
    poller.register(alarm, select.POLLIN)
    poller.poll(RETRY_MS)


def start(peer: socket.socket, listeners: "list[socket.socket]", lifeline: int, held: "tuple[int, ...]") -> None:
    try:
        pid = os.fork()
    except OSError:
        return
    if pid == 0:
        try:
            signal.set_wakeup_fd(-1)
            for number in CAUGHT:
                signal.signal(number, signal.SIG_DFL)
            for fd in (*held, *(listener.fileno() for listener in listeners)):
                os.close(fd)
            with suppress(OSError):
                attend(peer, lifeline)
        finally:
            os._exit(0)


def attend(peer: socket.socket, lifeline: int) -> None:
    """Answer until the client or the first process is gone."""
    peer.setblocking(False)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    heard = b""
    while wait(peer, select.POLLIN, lifeline):
        piece = peer.recv(LONGEST)
        if not piece:
            return
        *lines, heard = (heard + piece).split(b"\n")
        for line in lines:
            if line != b"hi" or not answer(peer, b"hello\n", lifeline):
                return
        if len(heard) > LONGEST:
            return


def answer(peer: socket.socket, text: bytes, lifeline: int) -> bool:
    while text:
        if not wait(peer, select.POLLOUT, lifeline):
            return False
        with suppress(BlockingIOError):
            text = text[peer.send(text) :]
    return True


def wait(peer: socket.socket, event: int, lifeline: int) -> bool:
    """Whether the client is ready; False when the first process has ended."""
    poller = select.poll()
    poller.register(peer, event)
    poller.register(lifeline, select.POLLIN)
    return lifeline not in {fd for fd, _ in poller.poll()}


def reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def say(text: str) -> None:
    with suppress(OSError):
        os.write(2, text.encode() + b"\n")


def enter(log: int, text: str) -> None:
    with suppress(OSError):
        os.write(log, text.encode() + b"\n")


def note(path: Path, text: str) -> None:
    with suppress(OSError):
        path.write_text(text)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
