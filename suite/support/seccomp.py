"""Linux's system calls that fail for a process and all that it starts: seccomp(2), without root."""

import errno
import platform
import struct
import sys
from collections.abc import Callable

import pytest

PR_SET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 21, 22, 2
# linux/bpf_common.h, linux/filter.h, linux/seccomp.h: load a word of seccomp_data, whose first is the number; compare
LOAD, AT_LEAST, RETURN = 0x20, 0x35, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NEWER = (424, 1024)
"""From pidfd_send_signal(2) on, Linux 5.1: since then a call has one number on every CPU but Alpha, MIPS and x32."""
IO_URING = (425, 428)
NUMBERED_OTHERWISE = ("alpha", "mips")


def need() -> None:
    """Skip where no call can be made to fail."""
    if not sys.platform.startswith("linux"):
        pytest.skip("no seccomp(2) here")
    if platform.machine().startswith(NUMBERED_OTHERWISE):
        pytest.skip(f"system calls have other numbers on {platform.machine()}")
    try:
        prctl = _prctl()
    except (ImportError, AttributeError) as error:
        pytest.skip(f"prctl(2) cannot be called from this Python: {error}")
    if prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0:
        pytest.skip("this kernel has no seccomp(2)")


def refuse(numbers: tuple[int, int], error: str) -> None:
    """In this process, for good: calls from the first number up to the second, which is allowed, fail.

    PR_SET_NO_NEW_PRIVS comes with it (prctl(2)): without root it is needed. Raises OSError.
    """
    import ctypes  # an optional part of Python

    program = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (LOAD, 0, 0, 0),
            (AT_LEAST, 0, 2, numbers[0]),
            (AT_LEAST, 1, 0, numbers[1]),
            (RETURN, 0, 0, ERRNO | getattr(errno, error)),
            (RETURN, 0, 0, ALLOW),
        )
    )
    text = ctypes.create_string_buffer(program, len(program))
    filtering = struct.pack("HP", len(program) // 8, ctypes.addressof(text))
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filtering, 0, 0)):
        if _prctl()(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def _prctl() -> Callable[..., int]:
    import ctypes

    function: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
    return function
