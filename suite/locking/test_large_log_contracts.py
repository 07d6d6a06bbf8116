"""Contracts: a log beyond what 32 bits can count."""

import errno
import os
from pathlib import Path

import pytest

from support.marks import speaks_chat

RECORD = b"<ada> across\n"


@speaks_chat
@pytest.mark.parametrize("boundary", [2**31, 2**32], ids=["2GiB", "4GiB"])
def test_a_log_grows_past_the_boundary(start_server, boundary):
    """A record that crosses the boundary is stored and sent, and a client comes back with an offset beyond it.

    POSIX open: a file past 2^31-1 bytes is EOVERFLOW, a write past it EFBIG, where off_t has 32 bits. That is the
    default of glibc on i386; musl and the BSDs have 64 everywhere (_FILE_OFFSET_BITS, feature_test_macros(7)).
    """
    start = boundary - 6
    make_sparse_log(start_server.log, start)
    server = start_server()
    with server.client(name="ada", since="end") as ada, server.client(name="bob", since=start) as bob:
        assert ada.offset == bob.offset == start
        ada.send("across")
        assert ada.receive() == bob.receive() == "across"
        behind = start + len(RECORD)
        assert server.log.stat().st_size == behind
        with server.client(name="eve", since=behind) as eve:
            assert eve.offset == behind
            eve.send("beyond")
            assert ada.receive() == bob.receive() == eve.receive() == "beyond"
    assert tail(server.log, start) == RECORD + b"<eve> beyond\n"


def make_sparse_log(log: Path, size: int) -> None:
    """A hole with one LF as its last byte: an offset that a client may ask for, and no disk space."""
    fd = os.open(log, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(fd, b"\n", size - 1)
    except OSError as error:
        if error.errno not in (errno.EFBIG, errno.ENOSPC, errno.EOVERFLOW):
            raise
        pytest.skip(f"no file of {size} bytes here: {os.strerror(error.errno)}")
    finally:
        os.close(fd)


def tail(log: Path, offset: int) -> bytes:
    with log.open("rb") as file:
        file.seek(offset)
        return file.read()
