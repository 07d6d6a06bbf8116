"""What has a name as a file has, and is none: a FIFO, and a device of the probe's own."""

import os
import stat
from pathlib import Path

import pytest

KINDS = ("fifo", "device")


def make_device(path: Path, kind: str) -> None:
    """One of KINDS, for everybody to open; a device is one that takes all, like /dev/null. Skips where none can be."""
    if kind == "fifo":
        os.mkfifo(path)
    else:
        _make_null(path)
    path.chmod(0o666)


def kind_of(path: Path) -> str:
    """What has that name: `fifo`, `device`, `another`, `nothing`."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return "nothing"
    return "fifo" if stat.S_ISFIFO(mode) else "device" if stat.S_ISCHR(mode) else "another"


def _make_null(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.stat(os.devnull).st_rdev)
        os.close(os.open(path, os.O_WRONLY))  # EACCES where the folder is mounted nodev
    except OSError as error:
        pytest.skip(f"no device can be made here, or opened: {error.strerror}")
