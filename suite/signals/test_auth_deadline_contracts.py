"""Contracts: HELLO is due within the auth timeout, and only HELLO."""

import os
import signal
import time
from contextlib import ExitStack

import pytest

from support.chat import Client
from support.child import readable
from support.deadline import patience, wait_until
from support.forks import wait_asleep, wait_stopped
from support.marks import explained_by, speaks_chat

EARLIEST, LATEST, TOO_LATE = 0.95, 2.5, 10.0
"""Seconds after connect: the default of 1 s, less a clock tick; more for a machine under load, but less than bytes that
trickle in would take, were each to extend the time."""
TRICKLE_SECONDS = 0.1


@speaks_chat
@explained_by("timers.fork_keeps", "signals.exec_keeps_mask")
def test_hello_is_due_in_time_and_nothing_else_is(start_server):
    """ERR timeout comes after 1 s to a client that is silent and to one that sends a byte now and then.

    A client that said HELLO may be silent for as long as it likes: alarm(2) has to be cancelled. Bytes that trickle in
    do not extend the time. A second server, started with SIGALRM blocked (POSIX exec: the mask is inherited), keeps
    the same time.
    """
    server, masked = start_server(), start_server(before_exec=block_alarm)
    with ExitStack() as stack:
        welcomed = [stack.enter_context(each.client()) for each in (server, masked)]
        begin, latest = time.monotonic(), min(LATEST * patience(), TOO_LATE)
        silent, slow, other = (stack.enter_context(Client(each.connect())) for each in (server, server, masked))
        for byte in f"HELLO {server.key} slow 0\n".encode():
            slow.send_raw(bytes([byte]))
            if readable(slow.socket.fileno(), TRICKLE_SECONDS):
                break
        assert slow.refusal() == "timeout"
        assert EARLIEST < time.monotonic() - begin < latest
        for client in (silent, other):
            assert client.refusal() == "timeout"
        assert time.monotonic() - begin < latest
        for client in welcomed:
            client.send("still here")
            assert client.receive() == "still here"


@speaks_chat
@pytest.mark.parametrize("whole", [False, True], ids=["a_byte", "a_line"])
def test_a_deadline_that_passes_beside_input_is_kept(server, whole):
    """A client whose time runs out in the moment that it is read gets ERR timeout, or is served if its line was whole.

    The receiver is stopped until a byte has come and its alarm is due. On FreeBSD pselect(2) then gives ready
    descriptors and has run the handler too (sys/kern/sys_generic.c, kern_pselect); on Linux it gives EINTR alone. A
    server that wants the alarm without input, or input without the alarm, loses the one or the other.
    """
    with Client(server.connect()) as client:
        receiver = wait_until(server.receivers, "a process for the client")[0].pid
        wait_asleep(receiver)  # its alarm is set: it sleeps for HELLO alone
        os.kill(receiver, signal.SIGSTOP)
        wait_stopped(receiver)
        client.send_raw(f"HELLO {server.key} ada end\n".encode() if whole else b"H")
        with Client(server.connect()) as clock:  # it came later
            assert clock.refusal() == "timeout"
        os.kill(receiver, signal.SIGCONT)
        if whole:
            client.welcomed()
        else:
            assert client.refusal() == "timeout"


def block_alarm() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
