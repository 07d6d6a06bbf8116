"""The standard descriptors, without the buffers of sys.stdout: after a fork those would be written twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

STDIN, STDOUT, STDERR = 0, 1, 2


def fill_stdio() -> None:
    """Open those of the descriptors 0 to 2 that are closed: no socket must ever become stdout."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(descriptor)


def close_once(close: Callable[[], object]) -> None:
    """Close what *close* does. Interrupted or not, it is closed: to do it again could close another's descriptor."""
    with suppress(InterruptedError):
        close()


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of *data*; OSError when that fails."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
