"""Calls of a server that are interrupted when a probe wants it, by an object that is preloaded."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = """\
import ctypes, errno, socket, sys, time

libc = ctypes.CDLL(None, use_errno=True)

class Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]

def said(result):
    return "ok" if result == 0 else errno.errorcode[ctypes.get_errno()]

def connected(blocking):
    asking, other = socket.socket(), socket.create_server(("127.0.0.1", 0))
    asking.setblocking(blocking)
    address = socket.AF_INET.to_bytes(2, sys.byteorder) + other.getsockname()[1].to_bytes(2, "big")
    word = said(libc.connect(asking.fileno(), address + socket.inet_aton("127.0.0.1") + bytes(8), 16))
    return word if blocking and asking.getpeername() == other.getsockname() else f"without waiting {word}"

wanted, left = Time(0, 1000), Time(7, 7)
calls = {
    "usleep": lambda: said(libc.usleep(1000)),
    "no sleep": lambda: said(libc.usleep(0)),
    "sleep": lambda: f"{libc.sleep(1)} s left",
    "nanosleep": lambda: f"{said(libc.nanosleep(ctypes.byref(wanted), ctypes.byref(left)))} {left.nanoseconds}",
    "clock_nanosleep": lambda: errno.errorcode.get(libc.clock_nanosleep(1, 0, ctypes.byref(wanted), None), "ok"),
    "connect": lambda: connected(True),
    "connect without waiting": lambda: connected(False),
}
print(calls[sys.argv[1]](), "then", calls[sys.argv[1]]())
"""


@pytest.fixture
def interrupted(suite: None, tmp_path: Path) -> Callable[[str, str], tuple[str, bool]]:
    """What a program says that makes a call twice while one of a kind is to be interrupted, and whether one was."""
    from support.mishap import Mishap

    def said(kind: str, call: str) -> tuple[str, bool]:
        mishap = Mishap(tmp_path)
        mishap.arm(kind, "EINTR")
        argv = [*mishap.wrapper, sys.executable, "-ISc", PROGRAM, call]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), mishap.met()

    return said


@pytest.mark.parametrize(
    ("kind", "call", "said"),
    [
        ("sleep", "usleep", "EINTR then ok"),
        ("sleep", "sleep", "1 s left then 0 s left"),
        ("sleep", "nanosleep", "EINTR 1000 then ok 1000"),
        ("sleep", "clock_nanosleep", "EINTR then ok"),
        ("connect", "connect", "EINTR then ok"),
    ],
)
def test_the_first_call_is_interrupted(
    interrupted: Callable[[str, str], tuple[str, bool]], kind: str, call: str, said: str
) -> None:
    """A connection is made all the same: the program looks at its peer."""
    assert interrupted(kind, call) == (said, True)


@pytest.mark.parametrize(
    ("kind", "call"), [("sleep", "no sleep"), ("connect", "connect without waiting"), ("read", "connect")]
)
def test_what_waits_for_nothing_is_not_interrupted(
    interrupted: Callable[[str, str], tuple[str, bool]], kind: str, call: str
) -> None:
    assert interrupted(kind, call)[1] is False
