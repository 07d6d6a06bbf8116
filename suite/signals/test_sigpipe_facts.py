"""Facts: writing to a peer that is gone: SIGPIPE, the ways around it, and the errno."""

import os
import signal
import socket
from collections.abc import Callable

from support.abi import abi
from support.calls import outcome
from support.child import Child, describe_status, in_child, readable
from support.loopback import need_loopback
from support.net import connect, listen, port_of, reset


def test_sigpipe_by_default(fact):
    """What does writing to a pipe or socket without a reader do, with SIGPIPE's default disposition?

    POSIX write and send: SIGPIPE, which ends the process, and EPIPE. Systems agree.
    """
    fact("sigpipe.default", {"pipe": ending_of(write_to_broken_pipe), "socket": ending_of(send_to_broken_socket)})


def test_sigpipe_ignored(fact):
    """Which errno does it give when SIGPIPE is ignored?

    POSIX write: EPIPE. macOS has answered EINVAL on a dead stream.
    """
    fact("sigpipe.ignored", {"pipe": outcome(write_to_broken_pipe), "socket": outcome(send_to_broken_socket)})


def test_msg_nosignal(fact):
    """Is there MSG_NOSIGNAL, and does it keep SIGPIPE away?

    POSIX send has it since 2008. Older macOS and Solaris lack it (wahern/cqueues PORTING.md).
    """
    flag = getattr(socket, "MSG_NOSIGNAL", None)
    if flag is None:
        fact("sigpipe.msg_nosignal", "absent")
    else:
        fact("sigpipe.msg_nosignal", ending_of(send_to_broken_socket, flag))


def test_so_nosigpipe(fact, work):
    """Is there a socket option SO_NOSIGPIPE, and does it keep SIGPIPE away?

    macOS, FreeBSD and NetBSD have it (setsockopt(2)); POSIX setsockopt and Linux do not. Its number comes from the C
    headers, as Python does not know it.
    """
    option = abi(work)["so_nosigpipe"]
    fact("sigpipe.so_nosigpipe", "absent" if option == -1 else ending_of(send_to_broken_socket, 0, option))


def test_send_after_a_reset(fact):
    """Which errors do the first and second send give after the peer reset the TCP connection?

    POSIX send: ECONNRESET for a connection that was reset, EPIPE for one that can no longer be written; it does not say
    which comes first. Linux reports the pending ECONNRESET once, then EPIPE; FreeBSD 14.0 gives EPIPE both times
    (measured).
    """
    need_loopback()
    fact("sigpipe.sends_after_reset", in_child(sends_after_reset))


def ending_of(write: Callable[..., None], *arguments: int) -> str:
    """How a child ends that writes with SIGPIPE's default disposition: `killed by SIGPIPE`, or the errno."""

    def attempt(channel) -> str:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        return outcome(write, *arguments)

    with Child(attempt) as child:
        status = child.reap()
        return describe_status(status) if os.WIFSIGNALED(status) else child.result()


def write_to_broken_pipe() -> None:
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    try:
        os.write(write_fd, b"x")
    finally:
        os.close(write_fd)


def send_to_broken_socket(flags: int = 0, option: int | None = None) -> None:
    here, there = socket.socketpair()
    with here:
        if option is not None:
            here.setsockopt(socket.SOL_SOCKET, option, 1)
        there.close()
        here.send(b"x", flags)


def sends_after_reset(channel) -> list[str]:
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with listen("127.0.0.1") as listener, connect("127.0.0.1", port_of(listener)) as here:
        reset(listener.accept()[0])
        assert readable(here.fileno(), 5.0), "the reset did not arrive"
        return [outcome(here.send, b"x"), outcome(here.send, b"x")]
