"""Contracts of any server of a Unix socket: the path that it makes, and what becomes of that."""

import os
import stat

import pytest

from support.deadline import wait_until
from support.marks import over, promises
from support.processes import kill_all
from support.ready import NotReady

pytestmark = over("unix")

FITS = 103
"""Bytes of a path that fit into every system's sun_path: 104 with the NUL on the BSDs and macOS, 108 on Linux."""
TOO_LONG = 120
ENDS_SECONDS = 15.0


def test_a_client_of_its_socket_is_served(server):
    """A client that connects to the path is served, once and again.

    unix(7), unix(4): a socket in the file system is reached by whoever may write to it.
    """
    server.serve()
    server.serve()


@promises("restart")
def test_it_starts_again_over_the_path_of_one_that_was_killed(start_server, work):
    """A server starts, and serves, on a path that one before it has left behind, killed by SIGKILL.

    POSIX bind: EADDRINUSE where the path exists, also when nobody listens there any more (connect(2): ECONNREFUSED).
    """
    path = work / "socket"
    first = start_server(path=path)
    kill_all(first.forks())
    first.wait()
    if not path.exists():
        pytest.skip("nothing is left at the path of a server that was killed")
    start_server(path=path).serve()


@promises("port_in_use")
def test_a_second_one_on_its_path_ends(start_server, work):
    """A server that finds its path taken by one that serves ends with an error, and the first one goes on.

    unlink(2) takes the name away from a socket that is in use: the first server would listen where nobody finds it.
    """
    path = work / "socket"
    first = start_server(path=path)
    try:
        second = start_server(path=path)
    except NotReady as error:
        assert error.returncode not in (0, None), f"the second server neither serves nor ends with an error: {error}"
    else:
        assert second.wait(ENDS_SECONDS) != 0, "the second server ended with exit status 0"
    first.serve()


@promises("unlink")
def test_its_path_is_gone_when_it_has_ended(server):
    """A server that is ended as its file says leaves no socket behind.

    POSIX close: the name stays until unlink(2). Who finds it connects in vain, or takes the server to be there.
    """
    path = server.addresses[0].host
    server.stop(ENDS_SECONDS)
    wait_until(lambda: not os.path.exists(path), f"{path} to be removed")


@promises("socket_mode")
def test_its_socket_is_as_private_as_the_umask_says(start_server):
    """With umask 077 nobody but its user, and root, may connect.

    POSIX bind: the socket is made with all permissions but those of the umask. chmod(2) afterwards leaves a moment in
    which it is open; Linux asks for the permission to write (unix(7)).
    """
    server = start_server(before_exec=lambda: os.umask(0o077))
    mode = stat.S_IMODE(os.stat(server.addresses[0].host).st_mode)
    assert mode & 0o077 == 0, f"its mode is {mode:04o}"


@promises("long_path")
def test_a_path_as_long_as_it_may_be_is_served(start_server, work):
    """A path of 103 bytes is served.

    sockaddr_un: sun_path has 104 bytes on the BSDs and macOS, 108 on Linux, with the NUL (unix(4), unix(7)).
    """
    start_server(path=path_of(work, FITS)).serve()


@promises("long_path")
def test_a_path_that_is_too_long_is_an_error(start_server, work):
    """On a path of 120 bytes a server ends with an error, and listens on no shorter one.

    strncpy(3) into sun_path cuts it off, as memcached 1.6.38 does: the server listens on another path than the one that
    it was told.
    """
    path = path_of(work, TOO_LONG)
    with pytest.raises(NotReady) as caught:
        start_server(path=path)
    made = [name for name in os.listdir(path.parent) if stat.S_ISSOCK(os.stat(path.parent / name).st_mode)]
    assert not made, f"it listens on {path.parent / made[0]}"
    assert caught.value.returncode not in (0, None), f"it does not end with an error: {caught.value}"


def path_of(work, length):
    """One of that many bytes. Skips where the folder is too long for it."""
    room = length - len(os.fsencode(work)) - 1
    if room < 2:
        pytest.skip(f"{work} leaves no room for a path of {length} bytes")
    return work / ("s" * room)
