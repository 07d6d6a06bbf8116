"""A /dev/log of a server's own, which nobody else's syslogd reads: syslog(3) sends datagrams to the socket there.

The server gets a mount namespace (mount_namespaces(7)) in which that socket is the probe's. What comes there is added
to the server's stderr, a line a datagram, behind `syslog: `.
"""

import os
import socket
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from support.child import in_child
from support.holder import Holder, Household
from support.starting import CannotBeHere

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
DEV, LOG = Path("/dev"), Path("/dev/log")
DATAGRAM_BYTES = 65536


class DevLog:
    """The socket, and the process that reads it until `end`."""

    def __init__(self, work: Path, stderr: int) -> None:
        """`work` is for the socket, and for a /dev with it. Raises CannotBeHere."""
        if reason := _why_not():
            raise CannotBeHere(f"syslog: a server cannot have a /dev/log of its own here: {reason}")
        self._socket, self._dev = work / "dev-log", work / "dev"
        self._dev.mkdir()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
            bound.bind(str(self._socket))
            self._socket.chmod(0o666)

            def live(household: Household) -> None:
                household.begun(0, (bound.fileno(), stderr))
                while True:
                    if household.wait((bound.fileno(),)):
                        os.write(stderr, b"syslog: " + bound.recv(DATAGRAM_BYTES).rstrip(b"\0\n") + b"\n")

            self._reader = Holder(live, (bound.fileno(), stderr))

    def enter(self) -> None:
        """To be called in the server's process before exec. Raises OSError."""
        _unshare()
        if not LOG.exists():
            _copy_dev(self._dev)
            _mount(self._dev, DEV, MS_BIND | MS_REC)
        _mount(self._socket, LOG, MS_BIND)

    def end(self) -> None:
        """Nobody reads it any more."""
        self._reader.end()


@cache
def _why_not() -> str | None:
    """None where a process of this one's can have a mount namespace of its own."""
    return in_child(_tried) if sys.platform == "linux" else f"{sys.platform} has no mount namespaces"


def _tried(_: object) -> str | None:
    try:
        _unshare()
    except ImportError:  # a Python may be built without it
        return "this Python has no ctypes"
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return None


def _unshare() -> None:
    """A mount namespace of this process's own, from which nothing reaches the one that it was in."""
    _call("unshare", CLONE_NEWNS)
    _call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)


def _copy_dev(dev: Path) -> None:
    """The same as /dev, with a place for /dev/log: nothing may be made in the system's own."""
    _call("mount", b"tmpfs", os.fsencode(dev), b"tmpfs", 0, b"mode=755")
    for source in DEV.iterdir():
        target = dev / source.name
        if source.is_symlink():
            target.symlink_to(os.readlink(source))
            continue
        if source.is_dir():
            target.mkdir()
        else:
            target.touch()
        with suppress(OSError):  # gone again
            _mount(source, target, MS_BIND | MS_REC)
    (dev / LOG.name).touch()


def _mount(source: Path, target: Path, flags: int) -> None:
    _call("mount", os.fsencode(source), os.fsencode(target), None, flags, None)


def _call(name: str, *arguments: object) -> None:
    """A call of libc's. Raises OSError that names it, ImportError."""
    import ctypes

    words = [ctypes.c_ulong(each) if isinstance(each, int) else each for each in arguments]
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*words):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
