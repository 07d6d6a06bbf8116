"""Servers that are started in other ways than in front: they keep the contracts, and one with a fault breaks them."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from any_server_subject import BINDING, PROCESSES, SIGNALS, held
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import Subject
from anyunix.drivers.base import Driver
from anyunix.drivers.local import LocalDriver, LocalOptions
from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from checkout import ROOT
from impatience import impatient

SERVERS = ROOT / "tests" / "any_server" / "starts"
SERVED = f"{BINDING}a_client_on_ipv4_loopback_is_served"
ENDS, ORPHANS = (
    f"{SIGNALS}it_does_what_it_promises_at[SIGTERM]",
    f"{PROCESSES}its_processes_end_when_the_first_one_is_killed",
)
AGAIN, TAKEN = f"{BINDING}it_starts_again_on_its_port_at_once", f"{BINDING}a_second_one_on_its_port_ends"


@pytest.fixture
def with_fault() -> Callable[..., Subject]:
    def made(fault: str, name: str = "daemon-named", **changed: object) -> Subject:
        subject = read_subject(SERVERS / f"{name}.yaml")
        return replace(subject, start=(*subject.start, fault), **changed)

    return made


@pytest.fixture
def found(catalog: Catalog, tmp_path: Path) -> Callable[..., CellResult]:
    return lambda subject, *probes: held(catalog, subject, *probes, suite=impatient(catalog, tmp_path / "suite"))


@pytest.mark.parametrize(
    ("name", "least"),
    [("daemon-named", 25), ("daemon-found", 25), ("systemd", 22), ("inetd-nowait", 15), ("inetd-wait", 15)],
)
def test_a_healthy_one_keeps_them_all(catalog: Catalog, name: str, least: int) -> None:
    """All contracts about any server, of which so many can be tried at least."""
    probes = [probe for probe in catalog.probes if "test_any_server" in probe]
    result = held(catalog, read_subject(SERVERS / f"{name}.yaml"), *probes)
    assert not result.failures, [(probe.id, probe.message) for probe in result.failures]
    kept = [probe.id for probe in result.probes if probe.outcome == "passed"]
    assert len(kept) >= least, kept
    assert result.left_behind == ()


@pytest.mark.parametrize(("fault", "contract"), [("hides a process", ENDS), ("orphans stay", ORPHANS)])
def test_a_fault_of_a_daemon_breaks_its_contract(
    fault: str, contract: str, with_fault: Callable[..., Subject], found: Callable[..., CellResult]
) -> None:
    """Also by a process of a session of its own, whose parent has gone: it is found, and leaves nothing behind."""
    result = found(with_fault(fault), contract)
    assert [probe.outcome for probe in result.probes] == ["failed"], result.probes[0].message
    assert result.left_behind == ()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("names nobody", "holds 'not yet', which is no number of a process"),
        ("names another", "which is no process that the start command left"),
        ("ends at once", "the server ended with exit status 3 before it was ready"),
    ],
)
def test_a_daemon_that_is_not_known_says_why(
    catalog: Catalog, tmp_path: Path, fault: str, said: str, with_fault: Callable[..., Subject]
) -> None:
    suite = impatient(catalog, tmp_path / "suite")
    ready = suite / "support" / "ready.py"
    ready.write_text(ready.read_text().replace("READY_SECONDS = 15.0", "READY_SECONDS = 3.0"))
    result = held(catalog, with_fault(fault), SERVED, suite=suite)
    assert [probe.outcome for probe in result.probes] == ["error"]
    assert said in result.probes[0].message


def test_a_start_command_that_does_not_return_is_no_daemon(
    catalog: Catalog, tmp_path: Path, found: Callable[..., CellResult]
) -> None:
    suite = impatient(catalog, tmp_path / "suite")
    ready = suite / "support" / "ready.py"
    ready.write_text(ready.read_text().replace("READY_SECONDS = 15.0", "READY_SECONDS = 3.0"))
    subject = read_subject(SERVERS / "daemon-found.yaml")
    script = 'python3 server.py daemon "$0" "$1"; sleep 60'
    result = held(catalog, replace(subject, start=("sh", "-c", script, *subject.start[4:])), SERVED, suite=suite)
    assert "its start command goes on" in result.probes[0].message
    assert result.left_behind == ()


@pytest.mark.parametrize(
    ("name", "contract", "said"),
    [
        ("systemd", AGAIN, "is started by a service manager, whose business restart is"),
        ("inetd-nowait", ENDS, "is started by a super-server, whose business sigterm is"),
        ("inetd-wait", TAKEN, "is started by a super-server, whose business port_in_use is"),
    ],
)
def test_what_is_not_its_own_is_left_out(catalog: Catalog, name: str, contract: str, said: str) -> None:
    (probe,) = held(catalog, read_subject(SERVERS / f"{name}.yaml"), contract).probes
    assert (probe.outcome, said in probe.message) == ("skipped", True)


def test_what_is_started_with_a_server_ends_with_it(catalog: Catalog) -> None:
    """Its answer is there before the server starts; its process is gone with it, though it is none of the server's."""
    result = held(catalog, read_subject(SERVERS / "accompanied.yaml"), SERVED)
    assert [(probe.outcome, probe.message) for probe in result.probes] == [("passed", "")]
    assert result.left_behind == ()


def test_one_that_has_one_port_is_not_run_where_others_may_have_it(catalog: Catalog) -> None:
    result = run(catalog, one_port(), Platform("local", "this machine", LocalOptions()), LocalDriver())
    assert (result.status, "has no network of its own" in result.reason) == ("not-run", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server as another user")
def test_one_port_and_a_user_of_its_own(catalog: Catalog) -> None:
    """It runs in namespaces, as a user who can reach its program."""
    driver = NetnsDriver(NetnsOptions())
    if reason := driver.available():
        pytest.skip(reason)
    result = run(catalog, one_port(), Platform("apart", "this machine", NetnsOptions()), driver)
    assert [(probe.outcome, probe.message) for probe in result.probes] == [("passed", "")] * 2
    assert result.left_behind == ()


def one_port() -> Subject:
    subject = read_subject(SERVERS / "one-port.yaml")
    return replace(subject, start=("/usr/bin/python3", *subject.start[1:]))


def run(catalog: Catalog, subject: Subject, platform: Platform, driver: Driver) -> CellResult:
    cell = Cell(subject, platform, "default", probes=(SERVED, AGAIN))
    return CellRun(cell, driver, SuiteOptions(catalog.suite), lambda text: None).run()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a mount namespace")
def test_what_is_said_by_syslog_is_there_to_read(catalog: Catalog, tmp_path: Path) -> None:
    """The machine's own /dev/log, if there is one, hears nothing of it, and none is left there."""
    before = sorted(os.listdir("/dev"))
    result = held(catalog, read_subject(SERVERS / "logs.yaml"), SERVED)
    message = result.probes[0].message
    if "Operation not permitted" in message:
        pytest.skip(message)
    assert result.probes[0].outcome == "error"
    assert "the server ended with exit status 3 before it was ready" in message
    assert re.search(r"syslog: <\d+>.*ends at once is wrong", message)
    assert sorted(os.listdir("/dev")) == before
