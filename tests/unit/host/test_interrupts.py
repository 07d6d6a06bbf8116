"""Signals that end a run, and what an interrupted run says is left."""

import signal
import subprocess
import sys
import time

import pytest

from anyunix.host.interrupts import ENDING

WAITS = """\
import sys, time
from anyunix.host.interrupts import interrupted_by_signals, uninterrupted
with interrupted_by_signals():
    try:
        print("ready", flush=True)
        sys.stdin.readline()
        print("not interrupted")
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        {clean_up}
        print("removed")
"""
LONG = "with uninterrupted(lambda: ['the network', 'a folder']): sys.stdin.readline()"
UNGUARDED = "sys.stdin.readline()"


def start(code: str, *before: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [*before, sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=as_from_a_terminal,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def as_from_a_terminal() -> None:
    """A shell's `&`, by which these tests may have been started, leaves some of them ignored."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", ENDING)
def test_each_is_an_interrupt(number: int) -> None:
    process = start(WAITS.format(clean_up="pass"))
    process.send_signal(number)
    out, errors = process.communicate(timeout=10)
    assert (process.returncode, out, errors) == (0, "interrupted\nremoved\n", "")


@pytest.mark.parametrize(
    ("clean_up", "said"),
    [
        (LONG, "anyunix: still removing the network, a folder\n"),
        (UNGUARDED, "anyunix: already ending; everything that was started is being removed\n"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_second_one_during_clean_up_is_told_what_is_left_and_nothing_else(
    number: int, clean_up: str, said: str
) -> None:
    process = start(WAITS.format(clean_up=clean_up))
    assert process.stdout is not None
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "interrupted\n"
    for _ in range(2):
        time.sleep(0.05)  # so that the first is handled before, or they are one
        process.send_signal(number)
        assert process.stderr.readline() == said
    out, errors = process.communicate("go on\n", timeout=10)
    assert (process.returncode, out, errors) == (0, "removed\n", "")


def test_what_nohup_ignores_stays_ignored() -> None:
    process = start(
        WAITS.format(clean_up="pass"),
        sys.executable,
        "-c",
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])",
    )
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate("\n", timeout=10)
    assert out == "not interrupted\n"


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("[]", "anyunix: interrupted; everything that was started is removed\n"),
        ("['network anyunix-1']", "anyunix: interrupted; left behind: network anyunix-1\n"),
        (
            "1/0",
            "anyunix: interrupted; left behind: what is not known, because looking for it fails: division by zero\n",
        ),
    ],
)
def test_that_everything_is_removed_is_said_only_when_it_is(left: str, said: str) -> None:
    code = (
        f"import signal, os, anyunix.cli as cli\ncli._remove_leftovers = lambda: {left}\n"
        "class Arguments:\n    command = staticmethod(lambda arguments: os.kill(os.getpid(), signal.SIGTERM))\n"
        "class Parser:\n    def parse_args(self, argv): return Arguments\n"
        "cli.make_parser = lambda commands: Parser()\ncli.main(['run'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (130, said)
