"""Facts: what an accepted socket takes over from its listener, and what accept() gives after a reset."""

import fcntl
import os
import socket
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support.child import readable
from support.compiler import helper
from support.net import CONNECT_SECONDS, connect, errno_name, listen, port_of, reset

LOOPBACK = "127.0.0.1"


def python_accept(listener: socket.socket) -> int:
    return listener.accept()[0].detach()


def libc_accept() -> Callable[[socket.socket], int] | None:
    """accept(2) and nothing else: CPython calls accept4(2) where libc has it, which may differ."""
    if not sysconfig.get_config_var("HAVE_ACCEPT4"):
        return python_accept
    try:
        import ctypes
    except ImportError:  # built without libffi
        return None
    return lambda listener: ctypes.CDLL(None).accept(listener.fileno(), None, None)


@contextmanager
def nonblocking_with_a_client() -> Iterator[socket.socket]:
    """A listener with O_NONBLOCK. One with a *timeout* would not do: socket.accept() then makes the new socket blocking
    by hand; with setblocking(False) it leaves it alone.
    """
    with listen(LOOPBACK) as listener, connect(LOOPBACK, port_of(listener)):
        listener.setblocking(False)
        assert readable(listener.fileno(), CONNECT_SECONDS), "no client arrived"
        yield listener


def accepted_is_nonblocking(accept: Callable[[socket.socket], int]) -> bool:
    """O_NONBLOCK as the kernel has it, of a socket accepted from a listener that has it.

    F_GETFL, because the Python object only believes what it was told.
    """
    with nonblocking_with_a_client() as listener:
        fd = accept(listener)
        assert fd >= 0, "accept(2) failed though a client waits"
        try:
            return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK)
        finally:
            os.close(fd)


def c_accepted_is_nonblocking(program: Path) -> bool:
    with nonblocking_with_a_client() as listener:
        return subprocess.check_output([program], stdin=listener, text=True, timeout=10) == "non-blocking\n"


def test_accept_and_nonblock(fact, work):
    """Is a socket from accept(2) non-blocking when its listener is?

    POSIX accept leaves O_NONBLOCK of the new socket open. Linux: no (accept(2)); FreeBSD, NetBSD, OpenBSD and macOS:
    yes (accept(2) there), so a server that relies on either one hangs or spins on the other.
    """
    if accept := libc_accept():
        fact("accept.inherits_nonblock", accepted_is_nonblocking(accept))
    else:
        fact("accept.inherits_nonblock", c_accepted_is_nonblocking(helper(work, "accepted")))


def test_python_accept_and_nonblock(fact):
    """Is a socket from Python's accept() non-blocking when its listener is, as the kernel sees it?

    CPython uses accept4(2) where there is one. FreeBSD's accept4 does not inherit the flag while its accept does
    (accept(2)); on NetBSD the object said blocking while the kernel had O_NONBLOCK set.
    """
    fact("accept.inherits_nonblock_in_python", accepted_is_nonblocking(python_accept))


def test_accept_and_socket_options(fact):
    """Which options of the listener does an accepted socket have?

    POSIX accept does not say. Linux and the BSDs clone the listener's socket, TCP_NODELAY and SO_KEEPALIVE included
    (Stevens, UNP 7.4); FreeBSD since 14 leaves SO_REUSEADDR out (measured). A server that depends on it sets them once,
    one that does not sets them per client.
    """
    options = {
        "nodelay": (socket.IPPROTO_TCP, socket.TCP_NODELAY),
        "keepalive": (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        "reuseaddr": (socket.SOL_SOCKET, socket.SO_REUSEADDR),
    }
    with listen(LOOPBACK) as listener:
        for option in options.values():
            listener.setsockopt(*option, 1)
        with connect(LOOPBACK, port_of(listener)), listener.accept()[0] as served:
            for name, option in options.items():
                fact(f"accept.inherits_{name}", served.getsockopt(*option) != 0)


def test_accept_after_reset(fact):
    """What does accept() give for a client that connected and reset before it was accepted?

    POSIX accept: ECONNABORTED. FreeBSD, NetBSD and OpenBSD give that (accept(2), measured); Linux gives a socket whose
    read fails with ECONNRESET; Berkeley kernels may drop it silently, SVR4 says EPROTO (Stevens, UNP 5.11). A second
    client behind it shows that nothing came, without waiting for nothing.
    """
    with listen(LOOPBACK) as listener:
        reset(connect(LOOPBACK, port_of(listener)))
        with connect(LOOPBACK, port_of(listener)) as second:
            second.sendall(b"second")
            fact("accept.after_reset", first_answer(listener))


def first_answer(listener: socket.socket) -> str:
    """What the first accept gives, and what can be read from it."""
    try:
        served = listener.accept()[0]
    except TimeoutError:
        raise  # not even the second client came: the probe is broken
    except OSError as error:
        return errno_name(error)
    with served:
        served.settimeout(CONNECT_SECONDS)
        try:
            received = served.recv(16)
        except OSError as error:
            return f"a socket, then {errno_name(error)}"
    return "a socket, then EOF" if received == b"" else "nothing"
