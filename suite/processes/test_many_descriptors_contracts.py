"""Contracts: a server that was started with thousands of descriptors open."""

import resource

import pytest

from support.marks import explained_by, speaks_chat
from support.ready import NotReady
from support.started import need_room, with_many_descriptors

pytestmark = speaks_chat

MANY = 8192
"""Above FD_SETSIZE, 1,024 of Linux, the BSDs and macOS, by more than lies behind such a set in any frame of a stack."""
SPARE = 256


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
    limits = {resource.RLIMIT_NOFILE: MANY + SPARE}
    try:
        server = start_server(wrapper=with_many_descriptors(MANY), limits=limits)
    except NotReady as error:
        need_room(error)
        assert error.returncode == 1, str(error)
        assert error.stderr.count("\n") == 1, str(error)
        return
    with server.client() as client:
        client.send("served")
        assert client.receive() == "served"
    assert server.stop() == 0
