"""The resource limits of a running process: prlimit(2) on Linux, sysctl(3) kern.proc.rlimit on FreeBSD."""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

Limits = tuple[int, int]
"""Soft and hard."""
Ask = Callable[..., Limits]
"""`ask(pid, which)` gives them, `ask(pid, which, limits)` sets new ones and gives the old. Raises OSError."""
NODE = b"kern.proc.rlimit"


def need_limits_of_others() -> None:
    """Skip the probe where the limits of a process that runs cannot be changed."""
    if reason := _why_not():
        pytest.skip(f"the limits of a running process cannot be changed here: {reason}")


@contextmanager
def limited(pid: int, which: int, value: int) -> Iterator[None]:
    """Another process's soft limit of `which`, a resource.RLIMIT_*, put back afterwards. Raises OSError.

    Skips the probe where that process has become another user's: prlimit(2), CAP_SYS_RESOURCE, which containers lack.
    """
    ask = _ask()
    try:
        before = ask(pid, which)
        ask(pid, which, (value, before[1]))
    except PermissionError as error:
        pytest.skip(f"the limits of process {pid}, maybe another user's, cannot be changed here: {error.strerror}")
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it has ended meanwhile
            ask(pid, which, before)


def _ask() -> Ask:
    """Raises ImportError where there is no ctypes to call sysctl(3) with."""
    if hasattr(resource, "prlimit"):
        return resource.prlimit
    import ctypes  # an optional part of Python

    return lambda *asked: by_sysctl(ctypes.CDLL(None, use_errno=True), *asked)


def by_sysctl(libc: Any, pid: int, which: int, new: Limits | None = None) -> Limits:
    """FreeBSD's: whoever may debug a process may write them. Its rlim_t has 64 bits on every CPU. Raises OSError."""
    import ctypes

    number, pair, size_t = ctypes.c_int, ctypes.c_int64 * 2, ctypes.c_size_t
    mib, length = (number * 5)(), size_t(3)
    before, size = pair(), size_t(ctypes.sizeof(pair))
    given = (ctypes.byref(pair(*new)), size) if new else (None, size_t(0))
    if libc.sysctlnametomib(NODE, mib, ctypes.byref(length)) == 0:
        mib[3], mib[4] = pid, which
        if libc.sysctl(mib, number(5), before, ctypes.byref(size), *given) == 0:
            return before[0], before[1]
    raise OSError(ctypes.get_errno(), f"sysctl {NODE.decode()}.{pid}.{which}: {os.strerror(ctypes.get_errno())}")


def _why_not() -> str | None:
    if not hasattr(resource, "prlimit") and not sys.platform.startswith("freebsd"):
        return "no prlimit(2)"
    which = resource.RLIMIT_CORE
    try:
        ask = _ask()
        ask(os.getpid(), which, ask(os.getpid(), which))
    except (ImportError, OSError) as error:
        return str(error)
    return None
