"""Files that people name: read whole, within a limit, and only where they are files."""

import os
import stat
from pathlib import Path

from anyunix.errors import ConfigurationError

TEXT_LIMIT = 1024 * 1024
"""Bytes of a file that people write."""


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Raises OSError whose `strerror` is the reason, also for a pipe or a device, from which a read may never end.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without a writer opens at once
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "not a regular file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(0, f"larger than the {limit} bytes that are read")
    return data


def read_text(path: Path) -> str:
    """The text of a file that people write. Raises ConfigurationError."""
    try:
        return read_regular(path, TEXT_LIMIT).decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}: cannot be read: line {line}: not UTF-8: {error.reason}") from None
    except ValueError as error:  # a path with NUL in it
        raise ConfigurationError(f"{str(path)!r}: cannot be read: {error}") from None


def inside(folder: Path, name: str) -> Path | None:
    """Where `name` is in a folder, all links followed; None where that is not in the folder any more."""
    path = Path(os.path.realpath(folder / name))
    return path if path.is_relative_to(os.path.realpath(folder)) else None
