"""Contracts: a server that was started with thousands of descriptors open."""

import resource
import sys

import pytest

from support.marks import explained_by, speaks_chat
from support.ready import NotReady

pytestmark = speaks_chat

MANY = 8192
"""Above FD_SETSIZE, 1,024 of Linux, the BSDs and macOS, by more than lies behind such a set in any frame of a stack."""
SPARE = 256
TOO_MANY = 77
"""The exit status of what opens them where it may not."""
OPEN_THEM = f"""
import os, sys
try:
    for number in range(int(sys.argv[1])):
        os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
except OSError:
    sys.exit({TOO_MANY})
os.execvp(sys.argv[2], sys.argv[2:])
"""


@explained_by("limits.nofile")
def test_descriptors_past_fd_setsize_are_served_or_refused(start_server):
    """A server whose descriptors have large numbers serves, or says that it cannot start: exit status 1 and the reason.

    POSIX FD_SET: with a number of FD_SETSIZE or more the behaviour is undefined. glibc ends the program where it was
    built to (_FORTIFY_SOURCE), and else a bit of the stack is set; Python's select raises ValueError. poll(2) has no
    such limit.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MANY + SPARE:
        pytest.skip(f"no more than {hard} descriptors are allowed here")
    opener = (sys.executable, "-I", "-S", "-c", OPEN_THEM, str(MANY))
    try:
        server = start_server(wrapper=opener, limits={resource.RLIMIT_NOFILE: MANY + SPARE})
    except NotReady as error:
        if error.returncode == TOO_MANY:  # a difference that is on may set a limit of the server's own
            pytest.skip("fewer descriptors than that are allowed to the server here")
        assert error.returncode == 1, str(error)
        assert error.stderr.count("\n") == 1, str(error)
        return
    with server.client() as client:
        client.send("served")
        assert client.receive() == "served"
    assert server.stop() == 0
