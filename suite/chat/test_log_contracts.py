"""Contracts: the log file, from one start of the server to the next (chat/PROTOCOL.md, "The log")."""

import stat

from support.marks import speaks_chat

pytestmark = speaks_chat

TORN = b"<ada> one\n<ada> tw"


def test_log_holds_one_line_a_record(server):
    """The file is `<name> text` and LF for each message, in order, byte for byte.

    chat/PROTOCOL.md, The log.
    """
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        ada.send("grüße")
        assert bob.receive() == "grüße"
        bob.send("", "two  spaces ")
        assert ada.receive_many(3)[1:] == ["", "two  spaces "]
        assert server.log.read_bytes() == "<ada> grüße\n<bob> \n<bob> two  spaces \n".encode()


def test_new_log_is_private(server):
    """A log that was not there is made with mode 0600, whatever the umask (022 here) would have let through.

    chat/PROTOCOL.md, Command line; open(2): the mode asked for, less the umask.
    """
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


def test_restart_keeps_history_and_offsets(start_server):
    """After an end by SIGTERM and a new start the history is there, and an offset from before is still good.

    chat/PROTOCOL.md, The log: nothing that has an offset is ever changed or removed.
    """
    server = start_server()
    with server.client() as client:
        client.send("one", "two")
        assert client.receive() == "one"
        offset = client.offset
        assert client.receive() == "two"
    assert server.stop() == 0
    again = start_server()
    assert again.log.read_bytes() == b"<probe> one\n<probe> two\n"
    with again.client() as client:
        assert client.receive_many(2) == ["one", "two"]
    with again.client(since=offset) as client:
        client.send("three")
        assert client.receive_many(2) == ["two", "three"]


def test_sound_log_is_left_alone(start_server):
    """A start on a log that ends in LF changes nothing in it and says nothing on stderr.

    chat/PROTOCOL.md, The log: only bytes behind the last LF are a torn record.
    """
    start_server.log.touch(mode=0o600)
    start_server.log.write_bytes(b"<ada> one\n")
    server = start_server()
    assert server.log.read_bytes() == b"<ada> one\n"
    assert server.stderr() == ""


def test_torn_record_is_shown_to_nobody(start_server):
    """A client sees the records before and behind a torn one, not the torn one, and its offset is good to return.

    chat/PROTOCOL.md, The log: CAN LF ends it, clients count its bytes and show nothing.
    """
    start_server.log.touch(mode=0o600)
    start_server.log.write_bytes(TORN)
    server = start_server()
    with server.client() as client:
        client.send("three")
        assert client.receive_many(2) == ["one", "three"]
        assert client.offset == server.log.stat().st_size
    with server.client(since=client.offset) as client:
        client.send("four")
        assert client.receive() == "four"
