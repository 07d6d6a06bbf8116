"""The standard descriptors, without the buffers of sys.stdout: after a fork those would be written twice."""

from __future__ import annotations

import os

STDIN, STDOUT, STDERR = 0, 1, 2


def fill_stdio() -> None:
    """Open those of the descriptors 0 to 2 that are closed: no socket must ever become stdout."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of *data*; OSError when that fails."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
