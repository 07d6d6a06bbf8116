"""`--watch`, until Ctrl-C: on a terminal, and elsewhere."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from anyunix.cli import main
from check_servers import V4, V6, redis, serving

PATIENT = 60.0


@contextmanager
def watching(port: int, *, terminal: bool = False) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """The command, and where what it prints can be read."""
    reading, writing = pty.openpty() if terminal else os.pipe()
    words = ["check", "--every", "0.05", "--also", "::1", "--timeout", "30", "--watch", f"redis://127.0.0.1:{port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "anyunix", *words],
        stdout=writing,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,  # a shell's & has it ignored
    )
    os.close(writing)
    try:
        yield process, reading
    finally:
        process.kill()
        process.wait()
        os.close(reading)


def read_until(reading: int, wanted: str) -> str:
    """All that is printed up to there, and what came with it."""
    said, until = "", time.monotonic() + PATIENT
    while wanted not in said:
        assert select.select([reading], [], [], max(0.0, until - time.monotonic()))[0], said
        said += os.read(reading, 65536).decode(errors="replace")
    return said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_prints_what_was_found_last_and_ends_with_its_status(number: signal.Signals) -> None:
    with serving(V4, V6, answer=redis) as port, watching(port) as (process, reading):
        said = read_until(reading, "served: dual\n")
        assert said.count("\n") == 1
        process.send_signal(number)
        rest = read_until(reading, "clients of IPv4 and IPv6 are served")
        assert process.wait(PATIENT) == 0
    assert "served: dual" not in rest  # no round after the first was a change


def test_a_server_that_ends_is_a_line_and_the_exit_status() -> None:
    with ExitStack() as servers:
        port = servers.enter_context(serving(V4, V6, answer=redis))
        with watching(port) as (process, reading):
            read_until(reading, "served: dual\n")
            servers.close()
            said = read_until(reading, f"nothing answers at redis://127.0.0.1:{port}\n")
            process.send_signal(signal.SIGTERM)
            read_until(reading, "nobody is served")
            assert process.wait(PATIENT) == 1
    assert f" redis://127.0.0.1:{port}: ✗ nothing answers" in said


def test_on_a_terminal_a_table_changes_in_place() -> None:
    with serving(V4, V6, answer=redis) as port, watching(port, terminal=True) as (process, reading):
        said = read_until(reading, "Ctrl-C ends")
        assert "IPv4, IPv6" in said
        assert "\x1b[" in said
        process.send_signal(signal.SIGTERM)
        rest = read_until(reading, "clients of IPv4 and IPv6 are served")
        assert process.wait(PATIENT) == 0
    assert "\x1b[?25h" in rest  # the cursor is shown again


def test_an_interval_without_a_watch_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--every", "2", "127.0.0.1:1"]) == 2
    assert capsys.readouterr().err == "anyunix: --every is for --watch\n"
