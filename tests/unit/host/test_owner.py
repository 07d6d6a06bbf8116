"""Owners: one process for good."""

import dataclasses
import os
import signal
import subprocess

import pytest

from anyunix.host.owner import is_alive, own, parse


def test_this_process_is_alive_and_reads_back() -> None:
    assert is_alive(own())
    assert parse(str(own())) == own()
    assert own().pid == os.getpid()


def test_a_pid_that_is_used_again_is_another_process() -> None:
    assert is_alive(dataclasses.replace(own(), started="1")) is False


def test_of_another_machine_or_pid_namespace_nothing_is_known() -> None:
    assert is_alive(dataclasses.replace(own(), boot="another")) is None
    assert is_alive(dataclasses.replace(own(), namespace="1")) is None


def test_a_zombie_is_dead() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_alive(dataclasses.replace(own(), pid=process.pid)) is False


@pytest.mark.parametrize(
    "text", ["", "host/1", "a/b/c", "a/b/c/d", "/b/c/1", "a/b/c/-1", "a/b/c/1/2", "a/b/c/" + "9" * 5000]
)
def test_what_is_no_owner(text: str) -> None:
    assert parse(text) is None
