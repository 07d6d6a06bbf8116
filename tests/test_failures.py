"""What a failed contract says: its kind, how the server ended and its last words, what came instead, who is left."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from test_any_server import BINDING, SIGNALS, held, written

from anyunix.catalog import Catalog
from anyunix.results import CellResult, Probe
from anyunix.subject import Subject
from anyunix.text import said_by

SERVED = f"{BINDING}a_client_on_ipv4_loopback_is_served"
Fails = Callable[..., Probe]


@pytest.fixture
def fails(catalog: Catalog, tmp_path: Path) -> Fails:
    """The one probe that fails for a subject with some lines changed."""

    def failing(probe: str = SERVED, **changed: str) -> Probe:
        result: CellResult = held(catalog, subject(**changed), probe)
        found, = result.failures
        return found

    def subject(**changed: str) -> Subject:
        return written(tmp_path, **changed)

    return failing


def start(fault: str) -> str:
    return f'["{{python}}", any_server.py, "{{port}}", "{fault}"]'


def test_a_server_that_never_starts_is_not_ready_with_its_status_and_its_last_lines(fails: Fails) -> None:
    probe = fails(start='[sh, -c, "seq 9 >&2; echo the reason >&2; kill -SEGV $$", "{port}"]')
    assert (probe.outcome, probe.error) == ("error", "NotReady")
    assert said_by(probe.message) == [
        "support.ready.NotReady: the server was killed by SIGSEGV before it was ready; its stderr ended with:",
        "8", "9", "the reason"]


def test_a_start_program_that_is_not_there_is_named(fails: Fails) -> None:
    probe = fails(start='[no-such-program, "{port}"]')
    assert probe.error == "NotReady"
    assert "start: 'no-such-program' cannot be run in " in probe.message
    assert "No such file or directory" in probe.message


def test_a_server_that_dies_in_a_probe_is_named_with_how_and_its_last_words(fails: Fails) -> None:
    probe = fails(f"{SIGNALS}a_client_that_resets_ends_nobody", start=start("dies of its clients"))
    assert probe.error in ("ConnectionRefusedError", "ConnectionResetError")
    died = next(line for line in said_by(probe.message) if line.startswith("the server (pid "))
    assert re.fullmatch(r"the server \(pid \d+\) was killed by SIGSEGV; its stderr ended with:", died)
    assert "\nE   so many clients" in probe.message


def test_processes_that_are_left_are_named(fails: Fails) -> None:
    probe = fails(f"{SIGNALS}it_does_what_it_promises_at[SIGTERM]", start=start("ignores SIGTERM"))
    assert re.search(r"for the server to end with all its processes; last seen: \d+ \(S\) \S*python\S* any_server.py "
                     r"\d+ ignores SIGTERM", probe.message)


@pytest.mark.usefixtures("support")
def test_processes_are_named_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    from support import processes

    monkeypatch.setattr(processes, "PROC", Path("/no/such/proc"))
    left = processes.still_running({os.getpid()})
    assert not left
    assert re.fullmatch(rf"{os.getpid()} \(\w\) \S*python.*", repr(left))


@pytest.mark.parametrize(("expect", "hint"), [
    (r"^PONG$", r"; without its \r it would match: write \r?$ for the end of a line"), (r"^PANG$", "")])
@pytest.mark.usefixtures("support")
def test_what_came_stands_beside_what_was_expected(expect: str, hint: str) -> None:
    import socket

    from support.subject import Talk
    from support.talk import Unlike, talk_to

    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"PONG\r\n")
        there.shutdown(socket.SHUT_WR)
        with pytest.raises(Unlike) as caught:
            talk_to(here, Talk(b"", expect.encode()))
    assert str(caught.value) == (f"nothing that matches '{expect}' came before the connection ended, "
                                 rf"but b'PONG\r\n'{hint}")
