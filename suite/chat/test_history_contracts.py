"""Contracts: what a client is sent, from which offset, in which order (chat/PROTOCOL.md, "The stream")."""

import pytest

from support.chat import Client, Refused
from support.marks import speaks_chat

pytestmark = speaks_chat

TEXTS = ["one", "", "three, grüße"]


def test_since_zero_is_the_whole_history(server):
    """`since` 0 gives every record from the first on.

    chat/PROTOCOL.md, The stream.
    """
    _write(server, TEXTS)
    with server.client(since=0) as client:
        assert client.offset == 0
        assert client.receive_many(3) == TEXTS


def test_since_an_offset_is_what_comes_behind_it(server):
    """`since` an offset that a client has counted gives the records behind it and no others.

    chat/PROTOCOL.md, The stream: offset + bytes of whole records received is the next `since`.
    """
    _write(server, TEXTS)
    with server.client() as client:
        offsets = [client.offset]
        for _ in TEXTS:
            client.receive()
            offsets.append(client.offset)
    for number, offset in enumerate(offsets):
        with server.client(since=offset) as client:
            assert client.offset == offset
            assert client.finish() == TEXTS[number:]


def test_since_end_is_only_what_comes_from_now_on(server):
    """`since end` answers with the length of the log and sends nothing that was there before.

    chat/PROTOCOL.md, On the wire.
    """
    _write(server, TEXTS)
    with server.client(since="end") as client:
        assert client.offset == server.log.stat().st_size
        client.send("new")
        assert client.receive() == "new"


def test_bad_since_is_refused(server):
    """A `since` past the end, inside a record, or that is no number of at most 18 digits gets ERR bad-since.

    19 digits can pass 2^63, 20 digits 2^64: atoi(3) and strtoul(3) make other numbers of them, and off_t is
    32 bits on i386 unless asked for more.
    """
    _write(server, TEXTS)
    size = server.log.stat().st_size
    for since in (
        size + 1,
        999_999_999_999_999_999,
        1,
        size - 1,
        2**32,
        -1,
        "x",
        "0x0",
        "+0",
        "1e1",
        "End",
        "٣",
        "0" * 19,
        "9" * 19,
        2**63,
        2**64,
        "9" * 40,
    ):
        with pytest.raises(Refused) as caught:
            server.client(since=since).close()
        assert caught.value.reason == "bad-since", since


def test_clients_see_one_order(server):
    """Two clients that write at the same time see all messages in one and the same order, each one's own in turn.

    chat/PROTOCOL.md, The stream: the log's order is everybody's order. It rests on flock(2) and O_APPEND (open(2)).
    """
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        for number in range(20):
            ada.send(f"ada {number}")
            bob.send(f"bob {number}")
        seen = ada.receive_many(40)
        assert bob.receive_many(40) == seen
    for name in ("ada", "bob"):
        assert [text for text in seen if text.startswith(name)] == [f"{name} {number}" for number in range(20)]


def test_late_joiner_sees_the_same_order(server):
    """A client that joins while others write gets the whole history and what follows in the order all others saw.

    chat/PROTOCOL.md, The stream. History and live records are one stream of bytes; a server that sends them by two
    ways doubles or loses one at the seam.
    """
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        ada.send(*(f"ada {number}" for number in range(30)))
        bob.send(*(f"bob {number}" for number in range(30)))
        with server.client(name="eve") as eve:  # asks for 0 while those sixty are on their way
            eve.send("late")
            seen = ada.receive_many(61)
            assert bob.receive_many(61) == seen
            assert eve.receive_many(61) == seen


def test_reconnect_neither_loses_nor_doubles(server):
    """A client that is cut off and comes back with its last offset, again and again, sees every record once.

    chat/PROTOCOL.md, On the wire. Two others write all the while. Each time some records are left unread in the socket,
    as after a lost line.
    """
    rounds, batch = 8, 10
    total = rounds * batch * 2
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        seen: list[str] = []
        offset = 0
        for turn in range(rounds):
            ada.send(*(f"ada {turn} {number}" for number in range(batch)))
            with server.client(since=offset) as reader:
                bob.send(*(f"bob {turn} {number}" for number in range(batch)))
                seen += reader.receive_many(batch // 2)
                offset = reader.offset
        with server.client(since=offset) as reader:
            seen += reader.receive_many(total - len(seen))
        assert seen == ada.receive_many(total)


def test_sender_alone_need_not_read(server):
    """A client that writes and never reads is heard by the others all the same.

    chat/PROTOCOL.md, Processes: what one client does not read is held up in its own Child SEND.
    """
    with server.client() as other, Client(server.connect()) as mute:  # whose second to say HELLO begins now
        mute.send_raw(f"HELLO {server.key} mute 0\n".encode() + b"spoken\n")
        assert other.receive() == "spoken"


def _write(server, texts: list[str]) -> None:
    with server.client() as writer:
        writer.send(*texts)
        assert writer.finish() == texts
