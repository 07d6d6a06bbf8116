"""Facts: whom kill() reaches, and what it answers. kill(-1) is never called: it would reach the whole machine."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from support.calls import outcome
from support.child import Child, in_child
from support.family import expect, fork, zombie

AS_PID_1 = """
import os, signal
assert os.getpid() == 1, os.getpid()
os.kill(1, signal.SIGTERM)
caught = []
signal.signal(signal.SIGUSR1, lambda *_: caught.append(1))
os.kill(1, signal.SIGUSR1)
middle = os.fork()
if middle == 0:
    os.fork()
    os._exit(0)
ended = set()
try:
    while True:
        ended.add(os.wait()[0])
except ChildProcessError:
    pass
print("survived", "ran" if caught else "lost", len(ended))
"""


def test_kill_0_reaches_the_group_and_the_sender(fact):
    """Whom does kill(0, …) reach: the group's other processes, the sender, a child in a group of its own?

    POSIX kill: every process of the sender's process group, the sender included: a server that multicasts so
    must be ready for its own signal, and must lead a session of its own.
    """
    reached = in_child(signal_own_group)
    fact("kill.own_group_includes_sender", reached["sender"])
    fact("kill.own_group_reaches_members", reached["members"])
    fact("kill.own_group_spares_other_groups", not reached["other group"])


def test_kill_a_zombie(fact):
    """What does kill answer for a process that has ended but was not waited for?

    POSIX kill, rationale: success, as a zombie still has its process ID. Linux and FreeBSD (tdsendsignal: "return
    success when killing a zombie") do so (kill(2); sys/kern/kern_sig.c). kill(pid, 0) therefore does not show that a
    server lives.
    """
    fact("kill.zombie", in_child(lambda channel: outcome(os.kill, zombie(), signal.SIGTERM)))


def test_kill_a_group_of_zombies(fact):
    """What does kill answer for a process group whose only process is a zombie?

    POSIX kill knows only ESRCH (no such group) and EPERM (no process of it may be signalled). Linux and FreeBSD
    (killpg1 in sys/kern/kern_sig.c) say it succeeded; macOS answers EPERM. Who ends a group and then waits has to take
    all three.
    """
    fact("kill.group_of_zombies", in_child(lambda channel: outcome(os.killpg, zombie(own_group=True), signal.SIGTERM)))


def test_kill_reaches_another_session(fact):
    """May a process signal the group of another session of the same user?

    POSIX kill: sessions do not matter but for SIGCONT, permissions are by user. So a daemon that leads a session of
    its own can still be told to end.
    """
    with Child(lambda channel: channel.wait("end")) as other:
        fact("kill.other_session_group", outcome(os.killpg, other.pid, 0))
        fact("kill.other_session_process", outcome(os.kill, other.pid, 0))


def test_process_1_and_default_dispositions(fact):
    """Does a signal without a handler end process 1 of a container, and are orphans its children?

    No standard has PID namespaces. pid_namespaces(7): from inside, only signals with a handler reach the namespace's
    first process, SIGKILL included; orphans become its children. A server started as a container's process 1 without a
    SIGTERM handler ignores `docker stop`. Needs unshare(1) and the right to make a PID namespace.
    """
    words = as_process_1(AS_PID_1)
    fact("pid1.default_sigterm", "ignored" if words else "kills")
    if words:
        fact("pid1.handler", words[1])
        fact("pid1.reaps_orphans_it_waits_for", words[2] == "2")


def signal_own_group(channel) -> dict[str, bool]:
    """SIGUSR1 to the own group; then SIGUSR2 to each process, which answers whether SIGUSR1 came before it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGUSR2})
    read_fd, write_fd = os.pipe()

    def member(own_group: bool) -> None:
        if own_group:
            os.setpgid(0, 0)
        os.write(write_fd, b"r")
        signal.sigwait({signal.SIGUSR2})
        os.write(write_fd, b"y" if signal.SIGUSR1 in signal.sigpending() else b"n")

    members, other = [fork(member, False), fork(member, False)], fork(member, True)
    try:
        expect(read_fd, 3)
        os.kill(0, signal.SIGUSR1)
        reached = {pid: asked(pid, read_fd) for pid in (*members, other)}
    finally:
        os.kill(other, signal.SIGKILL)  # the members go with this child's group
    return {
        "sender": signal.SIGUSR1 in signal.sigpending(),
        "members": all(reached[pid] for pid in members),
        "other group": reached[other],
    }


def asked(pid: int, answers_fd: int) -> bool:
    os.kill(pid, signal.SIGUSR2)
    return expect(answers_fd) == b"y"


def as_process_1(code: str) -> list[str]:
    """What `code` prints as process 1 of a new PID namespace; nothing when a signal ended it.

    Skips where there is no unshare(1), or no right to use it: as root, else as root of a user namespace.
    """
    if shutil.which("unshare") is None:
        pytest.skip("no unshare command here to make a PID namespace with")
    refused = ""
    for flags in (["-p", "-f"], ["-U", "-r", "-p", "-f"]):
        done = subprocess.run(
            ["unshare", *flags, sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=10
        )
        if done.returncode == 0 or done.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM):
            return done.stdout.split()
        refused = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit status {done.returncode}"
    pytest.skip(f"no PID namespace can be made here: {refused}")
