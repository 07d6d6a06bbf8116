"""`anyunix sweep` on servers that cannot be swept, or hardly: a line, and an end, however they are."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NEVER = "import time\nwhile True: time.sleep(60)\n"
TERMINAL = 'open("/dev/tty")\n'
FORKS = """\
import os, select, signal, socket, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    if os.fork() == 0:  # for ever; ten or so are there at a time
        listener.close()
        select.select([], [], [], 0.2)
        os._exit(0)
    if select.select([listener], [], [], 0.02)[0]:
        with listener.accept()[0] as client:
            if client.recv(100):
                client.sendall(b"hello\\n")
"""
FILE = """\
title: awkward
files: [server.py]
start: ["{python}", server.py, "{port}"]
ready: {port: true}
talk: {send: "hi\\n", expect: "^hello$"}
promises: {ipv6: false, interfaces: false, at_once: false}
"""


@pytest.fixture(autouse=True)
def tracer() -> None:
    if not shutil.which("strace"):
        pytest.skip("no strace on PATH")


def swept(folder: Path, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    (folder / "server.py").write_text(program)
    (folder / "awkward.yaml").write_text(FILE)
    command = [sys.executable, "-m", "anyunix", "sweep", "--subject", str(folder / "awkward.yaml"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)


def test_a_server_that_never_starts(tmp_path: Path) -> None:
    done = swept(tmp_path, NEVER)
    assert done.returncode == 2, done.stderr
    assert "nothing is served on port" in done.stderr


def test_a_server_that_needs_a_terminal(tmp_path: Path) -> None:
    done = swept(tmp_path, TERMINAL)
    assert done.returncode == 2, done.stderr
    assert "/dev/tty" in done.stderr


def test_a_server_that_forks_without_end(tmp_path: Path) -> None:
    """It is never quiet, and is swept all the same."""
    wanted = {"serving-parent-accept-socket-EMFILE-first", "serving-parent-fork-EAGAIN-first"}
    done = swept(tmp_path, FORKS, "--json", *(f"--injection={each}" for each in wanted))
    assert done.returncode in (0, 1), done.stderr
    injections = json.loads(done.stdout)["injections"]
    assert {each["id"] for each in injections if each["line"]} == wanted, injections
