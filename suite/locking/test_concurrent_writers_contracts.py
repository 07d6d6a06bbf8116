"""Contracts: many writers at a time, writers from outside, and readers that are slow."""

import fcntl
import os
from collections.abc import Iterator

from support.chatlog import append, append_rudely, at_the_door, locked, stopped_with_lock
from support.crowd import chatter, crowd, lazy_client, read_bytes, write_history
from support.locks import opened
from support.marks import explained_by, speaks_chat
from support.tracer import Tracer

WRITERS = 32
MESSAGES = 50
WAIT_SECONDS = 3.0
HELD_MICROSECONDS = 400_000
SIZES = (0, 1, 10, 100, 300, 1000, 2100, 4070)


@speaks_chat
@explained_by("flock.two_opens_conflict", "append.whole_records_4096")
def test_32_writers_lose_tear_and_double_nothing(server):
    """32 clients speak at once: every record is in the log once and whole, and every reader gets the log as it is.

    The probe holds the lock until all have spoken, so that all of them contend for it when it lets go.
    POSIX open: O_APPEND sets the offset to the end before each write. flock(2) for what is more than one write.
    """
    with crowd(server, WRITERS) as clients:
        spoken = [list(messages(number)) for number in range(WRITERS)]
        length = sum(len(record) for records in spoken for record in records)
        with locked(server.log):
            for client, records in zip(clients, spoken, strict=True):
                client.send_raw(b"".join(record.partition(b"> ")[2] for record in records))
        streams = [read_bytes(client, length) for client in clients]
    log = server.log.read_bytes()
    assert sorted(log.splitlines(True)) == sorted(record for records in spoken for record in records)
    for number, records in enumerate(spoken):
        mine = [line for line in log.splitlines(True) if line.startswith(b"<c%d> " % number)]
        assert mine == records, f"what c{number} said is not in the order in which it was said"
        assert streams[number] == log, f"c{number} did not get the log as it is"


@speaks_chat
def test_another_programs_record_is_not_overwritten(server):
    """A record that some other program appends between two messages of a client stays, and everybody sees it.

    POSIX open: O_APPEND writes at the end, wherever that is by then. A server that remembers where its last record
    ended, or opens the log without O_APPEND, writes over it.
    """
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        ada.send("one")
        assert ada.receive() == "one"
        append(server.log, b"<eve> two\n")
        ada.send("three")
        assert ada.receive_many(2, WAIT_SECONDS) == ["two", "three"]
        bob.send("four")
        assert bob.receive_many(4, WAIT_SECONDS) == ["one", "two", "three", "four"]
    assert server.log.read_bytes() == b"<ada> one\n<eve> two\n<ada> three\n<bob> four\n"


@speaks_chat
@explained_by("append.whole_records_100")
def test_a_rude_writer_is_not_overwritten(server):
    """A line that `echo >>` adds without a lock, just while the server appends, is not written over.

    The lock is advisory (flock(2)), so it keeps out nobody who does not ask. O_APPEND does: the kernel finds the end
    and writes there in one step (POSIX write). A server that looks for the end first and then writes loses the line.
    """
    lines = [b"<eve> %d\n" % number for number in range(24)]
    with server.client(name="ada") as ada:
        receiver = server.receivers()[0].pid
        for line in lines:
            with stopped_with_lock(server.log, receiver, fcntl.LOCK_EX, lambda: chatter(ada)) as log:
                append_rudely(log, line)
    with locked(server.log):
        rude = [line for line in server.log.read_bytes().splitlines(True) if line.startswith(b"<eve> ")]
    assert rude == lines


@speaks_chat
@explained_by("append.whole_records_100")
def test_a_line_from_outside_at_the_door_of_the_write_stays(start_server, work):
    """A line that is added without the lock, when the server has looked for the end and not yet written, stays.

    As above, and certain: the tracer holds the writer at the door of write(2), and stops it nowhere else.
    """
    tracer = Tracer(work / "writes", "write", f"delay_enter={HELD_MICROSECONDS}", follow=True)
    server = start_server(wrapper=tracer.wrapper)
    with server.client(name="ada") as ada, opened(server.log, os.O_RDWR | os.O_APPEND) as log:
        receiver = server.receivers()[0].pid
        times = at_the_door(receiver, log, lambda: ada.send("mine"))
        append_rudely(log, b"<eve> rude\n")
        assert sorted(ada.receive_many(times + 1)) == [*["mine"] * times, "rude"]
    assert sorted(server.log.read_bytes().splitlines(True)) == [*[b"<ada> mine\n"] * times, b"<eve> rude\n"]


@speaks_chat
def test_a_reader_that_does_not_read_holds_no_lock(start_server):
    """Megabytes wait for a client that does not read; others go on meanwhile, and it misses nothing in the end.

    flock(2): LOCK_SH keeps every writer out. Its process sleeps until the socket takes more. Were it to hold LOCK_SH
    for so long, no message could be stored.
    """
    history = write_history(start_server.log, megabytes=10)
    server = start_server()
    with lazy_client(server) as lazy, crowd(server, 2) as (ada, bob):
        for _ in range(50):
            ada.send(*["z" * 1000] * 8)
            assert ada.receive_many(8, WAIT_SECONDS) == bob.receive_many(8, WAIT_SECONDS)
        with locked(server.log):
            log = server.log.read_bytes()
        assert log.startswith(history)
        assert read_bytes(lazy, len(log)) == log


def messages(number: int) -> Iterator[bytes]:
    """Records of client `number`, sizes mixed, each one different from all others, at most 4096 bytes of text."""
    for turn in range(MESSAGES):
        size = SIZES[(turn + number) % len(SIZES)]
        yield b"<c%d> %d %s\n" % (number, turn, bytes([97 + number % 26]) * size)
