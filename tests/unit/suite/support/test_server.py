"""Clients of a server that serves no more than one at a time: they come again, but not to one that has ended."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

LISTEN = """
import os, socket, sys, time
def listen(port):
    return socket.create_server(("127.0.0.1", port))
listener = listen(0)
port = listener.getsockname()[1]
print("READY 127.0.0.1:%d" % port, flush=True)
"""
Start = Callable[[str], Any]


@pytest.fixture
def start(support: None, tmp_path: Path) -> Iterator[Start]:
    from support.launcher import Launcher
    from support.subject import Ready, Subject

    launchers: list[Launcher] = []

    def started(source: str) -> object:
        ready = Ready("line", r"^READY (?P<addresses>\S+)$", True)
        command, promises = (sys.executable, "-c", LISTEN + source), {"default": {"at_once": False}}
        subject = Subject("mine", tmp_path, command, {"default": ()}, ready, None, "SIGTERM", promises=promises)
        launchers.append(Launcher(subject, "default", tmp_path))
        return launchers[-1]()

    yield started
    for launcher in launchers:
        launcher.end()


def test_one_that_listens_again_after_a_moment_is_waited_for(start: Start) -> None:
    server = start("listener.close(); time.sleep(0.5); listener = listen(port)\nwhile True: listener.accept()")
    server.serve("127.0.0.1")


def test_one_that_has_ended_is_not(start: Start) -> None:
    from support.server import PAUSE_SECONDS

    server = start("os._exit(3)")
    assert server.wait() == 3
    begun = time.monotonic()
    assert not server.serves()
    assert time.monotonic() - begun < PAUSE_SECONDS / 2
