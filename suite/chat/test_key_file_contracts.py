"""Contracts: the key is its owner's alone (chat/PROTOCOL.md, "Command line")."""

import pytest

from support.marks import speaks_chat
from support.program import run_client
from support.ready import NotReady

pytestmark = speaks_chat


@pytest.mark.parametrize("mode", [0o640, 0o604], ids=["group", "others"])
def test_a_key_that_others_can_read_is_refused(start_server, work, mode):
    """A server and a client do not start with a key file that group or others can read, and say so.

    Who can read the key can speak as anybody, and a umask of 022 makes every new file readable. The mode is the file's
    (stat(2)); who is in its group differs from machine to machine.
    """
    server = start_server()
    shared = work / "shared-key"
    shared.write_text(server.key + "\n")
    shared.chmod(mode)
    with pytest.raises(NotReady) as caught:
        start_server("--key-file", str(shared))
    assert caught.value.returncode == 1
    assert str(shared) in caught.value.stderr
    ended = run_client(start_server, server, "--name", "ada", given="one\n", key_file=shared)
    assert ended.returncode == 2
    assert str(shared) in ended.stderr
    assert server.log.read_bytes() == b""
