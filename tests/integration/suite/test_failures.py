"""What a failed contract says: its kind, how the server ended and its last words, what came instead, who is left."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from any_server_subject import BINDING, SIGNALS, held, written
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.results.model import CellResult, Probe
from anyunix.text import said_by

CHAT_RESTART = "binding/test_port_contracts.py::test_restart_on_the_same_port_at_once"
ENDING = (
    "signals/test_shutdown_contracts.py::test_it_ends_with_all_its_processes[SIGTERM]",
    "signals/test_shutdown_contracts.py::test_stopped_processes_do_not_hold_up_the_end",
    "processes/test_lifetime_contracts.py::test_children_do_not_hold_the_listener",
)
SERVED = f"{BINDING}a_client_on_ipv4_loopback_is_served"
Fails = Callable[..., Probe]


@pytest.fixture
def fails(catalog: Catalog, tmp_path: Path) -> Fails:
    """The one probe that fails for a subject with some lines changed."""

    def failing(probe: str = SERVED, **changed: str) -> Probe:
        result: CellResult = held(catalog, subject(**changed), probe)
        (found,) = result.failures
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
        "8",
        "9",
        "the reason",
    ]


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


RESTART = f"{BINDING}it_starts_again_on_its_port_at_once"
AT_SIGTERM = f"{SIGNALS}it_does_what_it_promises_at[SIGTERM]"


def test_what_cannot_be_tried_because_of_a_failure_says_so(catalog: Catalog, tmp_path: Path) -> None:
    result = held(catalog, written(tmp_path, start=start("orphans stay")), RESTART, AT_SIGTERM)
    assert {probe.id: (probe.outcome, probe.message) for probe in result.probes if probe.id == RESTART} == {
        RESTART: ("skipped", f"not tried because of {AT_SIGTERM}, which fails")
    }
    assert [probe.id for probe in result.failures] == [AT_SIGTERM]


def test_a_failure_of_its_own_is_no_other_ones(catalog: Catalog, tmp_path: Path) -> None:
    """SIGTERM is heard, and the port is not free: the contract about that is tried, and fails."""
    result = held(catalog, written(tmp_path, start=start("no SO_REUSEADDR")), RESTART, AT_SIGTERM)
    (failure,) = result.failures
    assert (failure.id, failure.error) == (RESTART, "Failed")
    assert "it does not start again on its port: the server ended with exit status 1" in failure.message
    assert "Address already in use" in failure.message


def test_a_missing_so_reuseaddr_is_one_failure_of_a_chat_server(catalog: Catalog, tmp_path: Path) -> None:
    healthy = catalog.subject("python")
    shutil.copytree(healthy.folder / "python", tmp_path / "python")
    for file in (tmp_path / "python").rglob("*.py"):
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if "SO_REUSEADDR" not in line))
    result = held(catalog, replace(healthy, folder=tmp_path), RESTART, CHAT_RESTART, *ENDING)
    assert [probe.id for probe in result.failures] == [RESTART]
    assert [probe.id for probe in result.probes if probe.outcome == "skipped"] == [CHAT_RESTART]


def test_processes_that_are_left_are_named(fails: Fails) -> None:
    probe = fails(f"{SIGNALS}it_does_what_it_promises_at[SIGTERM]", start=start("ignores SIGTERM"))
    assert re.search(
        r"for the server to end with all its processes; last seen: \d+ \(S\) \S*python\S* any_server.py "
        r"\d+ ignores SIGTERM",
        probe.message,
    )
