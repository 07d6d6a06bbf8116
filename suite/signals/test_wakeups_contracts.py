"""Contracts: SIGUSR1 wakes every sender, kills nobody and is never lost."""

import fcntl
import os
import signal

from support.chatlog import append, append_rudely, free, let_it_run, locked, stopped_with_lock
from support.crowd import crowd
from support.deadline import wait_until
from support.family import wait_asleep
from support.locks import opened
from support.marks import explained_by, speaks_chat
from support.processes import Process, all_processes, children_of, kill_all
from support.tracer import Tracer

BOTH = ["ping", "pong"]
ROUNDS = 4
TORN = b"<eve> " + b"y" * 300_000
LOOK_SECONDS = 0.0005
WAIT_SECONDS = 3.0
HELD_MICROSECONDS = 250_000
HELD_SECONDS = 6.0
"""For what a few held calls delay."""
AGAIN_SECONDS = 1.0
"""For a second look, which comes at once where it comes, but for what the tracer delays."""
SHELL = ("sh", "-c", '"$@" & wait $!', "sh")


@speaks_chat
@explained_by("signals.coalesce")
def test_a_burst_reaches_every_client(server):
    """1,000 messages in one write reach 8 clients, each once and in order, although their signals become few.

    POSIX 2.4.1: a signal that is pending already is not queued again. So a wake-up says that there is more, not
    how much: a sender that sends one record a signal stays behind for good.
    """
    texts = [str(number) for number in range(1000)]
    with crowd(server, 8) as clients:
        clients[0].send(*texts)
        for client in clients:
            assert client.receive_many(len(texts)) == texts


@speaks_chat
@explained_by("signals.handler_after_delivery", "signal_call.default")
def test_the_second_signal_does_not_kill(server):
    """The process that served the first wake-up serves the second.

    POSIX sigaction: SA_RESETHAND sets the disposition back to default, which for SIGUSR1 is death, and so does
    signal() in System V's semantics (signal(2)). The paper's server had garbage in sa_flags: on i386 it died.
    """
    with server.client() as client:
        client.send("one")
        assert client.receive() == "one"
        before = server.processes()
        for text in ("two", "three"):
            client.send(text)
            assert client.receive() == text
        assert pids(server.processes()) == pids(before)


@speaks_chat
@explained_by("signals.handler_after_delivery", "signal_call.default")
def test_a_signal_from_elsewhere_kills_nobody(server):
    """SIGUSR1 to each process and to the group, again and again, ends none of them: parent, receiver and sender.

    kill(2): 0 and -pgid reach every process of the group, so each of them has to handle or ignore what is multicast.
    """
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        before = server.processes()
        assert len(before) == 5
        for number in range(3):
            for process in before:
                os.kill(process.pid, signal.SIGUSR1)
            os.killpg(server.pid, signal.SIGUSR1)
            ada.send(str(number))
            assert ada.receive() == bob.receive() == str(number)
        assert pids(server.processes()) == pids(before)
        assert not any(process.zombie for process in server.processes())


@speaks_chat
@explained_by("signals.coalesce")
def test_no_wake_up_is_lost_in_tight_rounds(server):
    """2,000 rounds of two messages, some microseconds apart, then silence: the second one always comes through.

    Its signal often falls between the sender's last look at the log and its sleep. POSIX sigsuspend, pselect: unless
    the signal is blocked there and let through by the sleep itself, it is handled too early, and nobody looks again.
    """
    with server.client(name="ada") as ada, server.client(name="bob") as bob:
        for _ in range(2000):
            ada.send("ping")
            let_it_run()  # chance decides where the second signal falls
            bob.send("pong")
            assert sorted(ada.receive_many(2, WAIT_SECONDS)) == sorted(bob.receive_many(2, WAIT_SECONDS)) == BOTH


@speaks_chat
@explained_by("signals.coalesce")
def test_a_signal_between_looking_and_sleeping_is_not_lost(server):
    """A record that is appended and announced after a sender's last look, but before its sleep, is sent.

    POSIX sigsuspend: the signal is let through by the sleep itself. The sender is stopped inside its look, where it
    holds LOCK_SH, and goes on with the signal pending: it is handled at once, before the sleep. A long torn record
    makes each look long, so that it is most likely stopped behind its question for the log's size; the new record ends
    the torn one, as the next append would.
    """
    with server.client() as client:
        sender = server.senders()[0].pid
        for number in range(ROUNDS):
            append(server.log, TORN)
            with stopped_with_lock(
                server.log, sender, fcntl.LOCK_SH, lambda: os.kill(sender, signal.SIGUSR1), LOOK_SECONDS
            ) as log:
                append_rudely(log, b"\x18\n<eve> %d\n" % number)
                os.kill(sender, signal.SIGUSR1)
            assert client.receive(WAIT_SECONDS) == str(number)


@speaks_chat
@explained_by("signals.coalesce")
def test_a_signal_after_the_last_look_is_not_lost(start_server, work):
    """As above, and certain: the tracer holds the sender where it has given its lock back, and has not yet slept.

    Held at the end of that flock(2) it gets both, the record and the signal, and handles the signal before it comes to
    its sleep. Which look is a sender's last is its own affair: the one that found something, or one more that finds
    nothing. Both are tried; where no second look comes, the first was the last.
    """
    tracer = Tracer(work / "looks", "flock", f"delay_exit={HELD_MICROSECONDS}", follow=True)
    server = start_server(wrapper=tracer.wrapper)
    with server.client() as client, opened(server.log, os.O_RDWR | os.O_APPEND) as log:
        sender = server.senders()[0].pid
        wait_asleep(sender)
        append(server.log, b"<eve> one\n")
        os.kill(sender, signal.SIGUSR1)
        wait_until(lambda: not free(log), "the sender to look")
        announce_when_unlocked(server.log, sender, b"<eve> two\n")
        assert client.receive_many(2, HELD_SECONDS) == ["one", "two"]
        wait_asleep(sender)
        append(server.log, b"<eve> three\n")
        os.kill(sender, signal.SIGUSR1)
        assert client.receive(HELD_SECONDS) == "three"
        if looks_again(log):
            announce_when_unlocked(server.log, sender, b"<eve> four\n")
            assert client.receive(HELD_SECONDS) == "four"


def looks_again(log):
    """Whether the sender takes its lock once more, although nothing was added."""
    try:
        return wait_until(lambda: not free(log), "a second look", AGAIN_SECONDS)
    except TimeoutError:
        return False


def announce_when_unlocked(log, sender, record):
    """Append a record as soon as the sender's lock is free, and tell it so while it is still held there."""
    with locked(log) as fd:
        append_rudely(fd, record)
        os.kill(sender, signal.SIGUSR1)


@speaks_chat
def test_a_sender_looks_when_it_is_told_to(server):
    """SIGUSR1 alone makes every sender send what some other program has appended.

    PROTOCOL.md, Processes: the signal carries nothing, the log is the truth.
    """
    with crowd(server, 3) as clients:
        append(server.log, b"<eve> look\n")
        os.killpg(server.pid, signal.SIGUSR1)
        assert [client.receive() for client in clients] == ["look"] * 3


@speaks_chat
def test_the_multicast_stays_in_the_family(start_server):
    """The shell script that started the server outlives the messages, and gets its exit status.

    kill(0, SIGUSR1) reaches the whole process group (kill(2)), and default is death. A shell without job control runs
    its children in its own group (POSIX sh, set -m), so only a session of its own keeps the server's signals inside.
    """
    shell = start_server(wrapper=SHELL)
    with shell.client() as client:
        for text in ("one", "two"):
            client.send(text)
            assert client.receive() == text
    parent = children_of(shell.pid)[0].pid
    os.kill(parent, signal.SIGTERM)
    assert shell.wait() == 0, "the script that started the server did not live to see its end"


@speaks_chat
def test_a_group_leader_stays_in_front(start_server):
    """Started as an interactive shell does it, the process in front survives the messages and passes SIGTERM on.

    setsid(2) fails with EPERM for a process group leader, and job control makes one of every command (tcsetpgrp(3)),
    so the server forks once, and the process that the shell knows waits for it.
    """
    front = start_server(new_session=False, before_exec=os.setpgrp)
    with front.client() as client:
        for text in ("one", "two"):
            client.send(text)
            assert client.receive() == text
        family = pids(front.processes())
        try:
            assert front.stop() == 0
            wait_until(lambda: not family & pids(all_processes()), f"all of {family} to end", 2.0)
        finally:
            kill_all(sorted(family & pids(all_processes())))


def pids(processes: list[Process]) -> set[int]:
    """The numbers of those that live."""
    return {process.pid for process in processes if not process.zombie}
