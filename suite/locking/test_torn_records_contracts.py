"""Contracts: writers that die or fail in the middle of a record."""

import fcntl
import os
import resource
import signal
from contextlib import suppress

from support.chatlog import append, append_rudely, at_the_door, stopped_with_lock, unchanged
from support.child import Channel, Child
from support.crowd import chatter, read_to_end
from support.locks import opened
from support.marks import explained_by, speaks_chat
from support.tracer import Tracer

LIMIT = 4096
WAIT_SECONDS = 3.0
HELD_MICROSECONDS = 400_000
START_SECONDS = 1.0
"""A server that starts is at its log by then, or a fault goes unnoticed this time."""


@speaks_chat
def test_a_torn_record_is_ended_and_not_shown(server):
    """The next append ends what a dead writer left with CAN LF; nobody takes it for a record, offsets stay true.

    PROTOCOL.md, The log: nothing that has an offset is changed or removed, and no message can contain CAN.
    """
    with server.client(name="ada") as ada:
        ada.send("one")
        assert ada.receive() == "one"
        append(server.log, b"<eve> tw")
        ada.send("three")
        assert ada.receive() == "three"
        assert server.log.read_bytes() == b"<ada> one\n<eve> tw\x18\n<ada> three\n"
        assert ada.offset == server.log.stat().st_size
    with server.client(name="ada", since=10) as back:
        assert back.receive() == "three"


@speaks_chat
def test_the_next_start_ends_a_torn_record(start_server):
    """After a crash the server says on stderr that it ended a torn record, and serves the log.

    chat/PROTOCOL.md, The log. write(2) may be cut short by a signal, a full disk or a crash; POSIX promises no more.
    """
    start_server.log.touch(mode=0o600)
    start_server.log.write_bytes(b"<ada> one\n<ada> tw")
    server = start_server()
    assert server.log.read_bytes() == b"<ada> one\n<ada> tw\x18\n"
    assert server.stderr().strip(), "nothing on stderr about the torn record"
    with server.client(name="bob") as bob:
        bob.send("three")
        assert bob.receive_many(2) == ["one", "three"]


@speaks_chat
def test_a_start_mends_nothing_that_is_being_written(start_server):
    """A server that starts while another program is in the middle of a record waits for the lock, and finds it whole.

    flock(2): half a record under a lock is one that is being written, not one that was torn. What looks torn from
    outside may be so at any time where writes are slow, on NFS or a full disk.
    """
    start_server.log.touch(mode=0o600)
    with Child(write_in_two_pieces, str(start_server.log)) as writer:
        writer.wait("half")
        server = start_server()
        assert writer.result() is True, "the log grew under the lock of another"
    assert server.log.read_bytes() == b"<eve> half and half\n"
    assert server.stderr() == ""


@speaks_chat
@explained_by("flock.released_by_sigkill")
def test_a_killed_writer_elsewhere_blocks_nobody(server):
    """A foreign process is killed with half a record written and the lock in its hand: the waiting message is stored.

    flock(2): the lock goes with the last descriptor, and a killed process has none.
    """
    with server.client(name="ada") as ada, Child(hold_and_tear, str(server.log)) as holder:
        holder.wait("torn")
        ada.send("one")
        holder.kill(signal.SIGKILL)
        assert ada.receive() == "one"
    assert server.log.read_bytes() == b"<eve> ha\x18\n<ada> one\n"


@speaks_chat
@explained_by("flock.released_by_sigkill")
def test_a_receiver_killed_with_the_lock_blocks_nobody(server):
    """A client's process is killed while it holds the log's lock: the others' messages are stored as before.

    flock(2): the lock goes with the last descriptor. It is stopped where it holds the lock, which the probe knows
    because it does not get it, and killed there.
    """
    with server.client(name="ada") as ada, server.client(name="bob", since="end") as bob:
        receiver = server.receivers()[0].pid
        with stopped_with_lock(server.log, receiver, fcntl.LOCK_EX, lambda: chatter(ada)):
            bob.send("mine")
            os.kill(receiver, signal.SIGKILL)
            while bob.receive(WAIT_SECONDS) != "mine":
                pass  # what ada said
        with suppress(ConnectionResetError):  # it died with messages unread
            read_to_end(ada)


@speaks_chat
@explained_by("flock.released_by_sigkill")
def test_a_receiver_killed_before_its_write_blocks_nobody(start_server, work):
    """As above, and certain: the client's process is killed at the door of write(2), where it has the lock.

    The tracer holds it there; flock(2) as above. A descriptor that its child has kept would keep the lock.
    """
    tracer = Tracer(work / "writes", "write", f"delay_enter={HELD_MICROSECONDS}", follow=True)
    server = start_server(wrapper=tracer.wrapper)
    with server.client(name="ada") as ada, opened(server.log) as log:
        receiver = server.receivers()[0].pid
        with server.client(name="bob") as bob:
            written = at_the_door(receiver, log, lambda: ada.send("lost")) - 1
            os.kill(receiver, signal.SIGKILL)
            bob.send("mine")
            assert bob.receive_many(written + 1) == [*["lost"] * written, "mine"]
        with suppress(ConnectionResetError):
            read_to_end(ada)


@speaks_chat
def test_a_message_that_the_log_cannot_take_is_not_stored(start_server):
    """The file system takes a part of the record, then fails: the client is told ERR log, the log is as it was before.

    RLIMIT_FSIZE stands for a full disk: Linux writes up to the limit, then fails with EFBIG; FreeBSD fails at once
    (setrlimit(2) of both). SIGXFSZ is ignored by whoever starts the server, as CPython does for itself.
    """
    start_server.log.touch(mode=0o600)
    start_server.log.write_bytes((b"<old> " + b"x" * 93 + b"\n") * 40)
    before = start_server.log.read_bytes()
    server = start_server(limits={resource.RLIMIT_FSIZE: LIMIT}, before_exec=ignore_file_size_signal)
    with server.client(name="ada", since="end") as ada:
        ada.send("x" * 200)
        assert ada.refusal() == "log"
    assert server.log.read_bytes() == before
    with server.client(name="bob", since="end") as bob:
        bob.send("there is room for this")
        assert bob.receive() == "there is room for this"
    assert server.log.read_bytes() == before + b"<bob> there is room for this\n"


@speaks_chat
def test_a_log_that_may_not_grow_kills_nobody(start_server):
    """A full log costs the client who writes its connection, with ERR log, and nobody else anything.

    setrlimit(2), RLIMIT_FSIZE: SIGXFSZ, whose default is death, beside EFBIG. A shell's `ulimit -f`, or a service's
    LimitFSIZE, is all it takes. Here the signal has its default; CPython ignores it for itself at its start.
    """
    start_server.log.touch(mode=0o600)
    start_server.log.write_bytes((b"<old> " + b"x" * 93 + b"\n") * 40)
    server = start_server(limits={resource.RLIMIT_FSIZE: LIMIT})
    with server.client(name="ada", since="end") as ada, server.client(name="bob", since="end") as bob:
        ada.send("x" * 200)
        assert ada.refusal() == "log"
        bob.send("there is room for this")
        assert bob.receive() == "there is room for this"


def write_in_two_pieces(channel: Channel, log: str) -> bool:
    """Append a record in two pieces, under the lock, with a pause between them; whether nobody else wrote in it."""
    fd = os.open(log, os.O_RDWR | os.O_APPEND)
    fcntl.flock(fd, fcntl.LOCK_EX)
    append_rudely(fd, b"<eve> half")
    channel.tell("half")
    alone = unchanged(fd, len(b"<eve> half"), START_SECONDS)
    append_rudely(fd, b" and half\n")
    fcntl.flock(fd, fcntl.LOCK_UN)
    return alone


def hold_and_tear(channel: Channel, log: str) -> None:
    """Begin a record under the lock, and wait to be killed."""
    fd = os.open(log, os.O_RDWR | os.O_APPEND)
    fcntl.flock(fd, fcntl.LOCK_EX)
    append_rudely(fd, b"<eve> ha")
    channel.tell("torn")
    channel.wait("never told")


def ignore_file_size_signal() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
