"""Contracts: who waits for whom at the log's lock."""

import fcntl
import os
import signal
import socket
from pathlib import Path

from support.chat import Client
from support.chatlog import append, append_rudely, locked, quiet, stopped_with_lock, unchanged
from support.crowd import chatter, read_to_end, say_all_at_once
from support.deadline import wait_until
from support.marks import explained_by, speaks_chat
from support.tracer import Tracer

HELD_MICROSECONDS = 400_000
HOLD_SECONDS = 0.6
"""Longer than a writer is held: then its write falls into it."""
WRITTEN_SECONDS = 20.0
A_RECORD = r'\d+, "<'
"""The arguments of a write(2) of a record; a handler may write elsewhere."""


@speaks_chat
@explained_by("flock.two_opens_conflict")
def test_a_writer_waits_for_the_lock(server):
    """A message is appended behind what the holder of the lock appends, not before it.

    flock(2): LOCK_EX excludes every other open file description. While the probe holds it the server cannot have
    written anything, however long the probe waits; a server that takes no lock is seen at it.
    """
    with server.client(name="ada") as ada:
        with locked(server.log) as log:
            ada.send("second")
            assert unchanged(log, 0), "the message was appended while another process held the lock"
            append_rudely(log, b"<eve> first\n")
        assert ada.receive_many(2) == ["first", "second"]
    assert server.log.read_bytes() == b"<eve> first\n<ada> second\n"


@speaks_chat
@explained_by("flock.two_opens_conflict")
def test_readers_wait_for_the_lock(server):
    """A record that is taken back before its writer unlocks was never shown, to old clients and to new ones.

    A write that fails halfway is cut off again under the lock (PROTOCOL.md, The log), so a reader that looks
    without LOCK_SH sends what never was, and its offset is beyond the end of the log.
    """
    with server.client(name="ada") as ada, Client(server.connect()) as joining:
        with locked(server.log) as log:
            append_rudely(log, b"<eve> never mind\n")
            os.killpg(server.pid, signal.SIGUSR1)
            say_all_at_once(joining, server.key)
            assert quiet(ada.socket.fileno()), "a record was sent while its writer held the lock"
            os.ftruncate(log, 0)
        assert read_to_end(joining) == b"OK 0\n"
        ada.send("hello")
        assert ada.receive() == "hello"


@speaks_chat
def test_readers_share_the_lock_and_a_writer_waits_for_them(server):
    """History is sent while another process reads the log; a message is stored once that one is done.

    flock(2): any number of processes hold LOCK_SH at a time, and LOCK_EX waits for all of them.
    """
    with server.client(name="ada") as ada:
        ada.send("one")
        assert ada.receive() == "one"
        with locked(server.log, fcntl.LOCK_SH) as log:
            size = os.fstat(log).st_size
            ada.send("two")
            with Client(server.connect()) as joining:
                say_all_at_once(joining, server.key)
                assert read_to_end(joining) == b"OK 0\n<ada> one\n"
            assert os.fstat(log).st_size == size, "a message was appended while a reader held LOCK_SH"
        assert ada.receive() == "two"


@speaks_chat
def test_half_a_record_is_not_sent(server):
    """What stands behind the log's last LF is shown neither to a client that is there nor to one that joins.

    chat/PROTOCOL.md, The log. The rest of it may never come: its writer may be dead. The end of each connection, which
    the server closes when it has sent what the log holds, proves that it looked, and that there is no more to come.
    """
    with server.client(name="ada") as ada:
        ada.send("one")
        assert ada.receive() == "one"
        append(server.log, b"<eve> ha")
        os.killpg(server.pid, signal.SIGUSR1)
        with server.client(name="bob") as bob:
            assert bob.receive() == "one"
            assert quiet(ada.socket.fileno()), "half a record was sent"
            for client in (ada, bob):
                client.socket.shutdown(socket.SHUT_WR)
                assert read_to_end(client) == b""
    assert server.log.read_bytes() == b"<ada> one\n<eve> ha"


@speaks_chat
def test_a_record_written_in_two_pieces_is_sent_whole(server):
    """A writer may take two writes for a record, as after a short write; readers see it whole, or not at all yet.

    POSIX write: a count below the one asked for is no error, so the lock and not the write makes a record atomic.
    A client that joins at `end` meanwhile starts before the record or behind it, not in the middle.
    """
    with server.client(name="ada") as ada, Client(server.connect()) as joining:
        with locked(server.log) as log:
            append_rudely(log, b"<eve> ha")
            os.killpg(server.pid, signal.SIGUSR1)
            joining.send_raw(f"HELLO {server.key} joining end\n".encode())
            quiet(joining.socket.fileno())  # an answer before the record is whole: right or wrong, but not late
            append_rudely(log, b"lf\n")
        os.killpg(server.pid, signal.SIGUSR1)
        assert ada.receive() == "half"
        start = joining.welcomed().offset
        assert (start, joining.finish()) in [(0, ["half"]), (server.log.stat().st_size, [])]


@speaks_chat
@explained_by("flock.inherited_descriptor_excludes")
def test_two_receivers_exclude_each_other(server):
    """While one client's process stands still in the middle of an append, no other one appends.

    flock(2): the lock belongs to the open file description. One that was opened before the fork is shared by all
    children, and then each of them gets LOCK_EX while another has it. The paper's server had this fault.
    """
    with server.client(name="ada") as ada:
        holder = server.receivers()[0].pid
        with server.client(name="bob", since="end") as bob:
            with stopped_with_lock(server.log, holder, fcntl.LOCK_EX, lambda: chatter(ada)) as log:
                size = os.fstat(log).st_size
                bob.send("mine")
                assert unchanged(log, size), "two processes of the server had the log's lock at a time"
            while bob.receive() != "mine":
                pass  # what ada said


@speaks_chat
@explained_by("flock.inherited_descriptor_excludes")
def test_two_receivers_are_never_both_before_their_write(start_server, work):
    """As above, and certain: two processes have a message to store at the same time, and write one after the other.

    The tracer holds each at the door of write(2), where it has the lock, for so long that without one the other
    comes there too, and writes down who is there; flock(2), fork(2) as above.
    """
    tracer = Tracer(work / "writes", "write", f"delay_enter={HELD_MICROSECONDS}", follow=True)
    server = start_server(wrapper=tracer.wrapper)
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        ada.send("one")
        bob.send("two")
        assert sorted(ada.receive_many(2)) == ["one", "two"]
        receivers = {process.pid for process in server.receivers()}
    most = tracer.most_at_a_time("write", A_RECORD, receivers)
    assert most == 1, f"{most} processes of the server were about to write at a time"


@speaks_chat
@explained_by("flock.two_opens_conflict")
def test_the_lock_is_held_until_the_record_is_written(start_server, work):
    """Whoever gets the log's lock does not see a record arrive while it has it.

    The tracer holds each write(2) at its door, so that the writer stands long between its look at the log's end and
    its write. Were the lock free meanwhile, two writers that have seen the same end would both go on.
    """
    tracer = Tracer(work / "writes", "write", f"delay_enter={HELD_MICROSECONDS}", follow=True)
    server = start_server(wrapper=tracer.wrapper)
    with server.client(name="ada") as ada:
        ada.send("one")
        wait_until(lambda: written_when_free(server.log), "the record to be written", WRITTEN_SECONDS)
        assert ada.receive() == "one"


@speaks_chat
@explained_by("flock.eintr_with_sa_restart", "flock.eintr_without_sa_restart")
def test_an_interrupted_lock_is_asked_for_again(start_server, work):
    """flock(2) fails with EINTR every other time in every process, and nobody notices.

    flock(2), signal(7): restarted with SA_RESTART on Linux; illumos: "interrupted with any signal" (flock(3C)). Which
    signals can come is for the server to say, so the tracer says EINTR in the kernel's place.
    """
    tracer = Tracer(work / "locks", "flock", "error=EINTR:when=1+2", follow=True)
    server = start_server(wrapper=tracer.wrapper)
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        for client in (ada, bob):
            client.send("hello")
            assert ada.receive() == bob.receive() == "hello"
    tracer.demand()


def written_when_free(path: Path) -> bool:
    """Whether the log's first record is there, once the probe gets the lock, and not while it has it."""
    with locked(path) as log:
        if os.fstat(log).st_size:
            return True
        assert unchanged(log, 0, HOLD_SECONDS), "a record was written while another process held the lock"
    return False
