"""A suite that does not come to its end: what it brought is kept, and what ran out is named."""

import dataclasses
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec
import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.local import LocalDriver
from anyunix.drivers.registry import Drivers
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.exhausted import exhausted

MakeSuite = Callable[[str], Path]
BEGINNING = '''
import os, pytest

def test_measures(fact):
    """A fact."""
    fact("a.number", 1)

def test_breaks(server):
    """A contract that is not kept."""
    assert server.port == 0, "the port is not 0, \\x1b[31m but < 1"

@pytest.mark.protocol("chat")
def test_chats(server):
    """A contract that this subject cannot keep."""

@pytest.fixture
def broken():
    raise OSError("no such luck")

def test_is_not_set_up(fact, broken):
    """A fact that cannot be measured."""
'''
DIES = (
    BEGINNING
    + '''
def test_dies(fact):
    """Dies."""
    os._exit(9)
'''
)
HOG = (
    BEGINNING
    + '''
def test_takes_all_memory(fact):
    """More than there is."""
    bytearray(b"x") * (512 * 1024 * 1024)
'''
)

CHILD_HOG = '''
import subprocess, sys

def test_serves(server):
    """Its server needs more memory than there is."""
    assert subprocess.run([sys.executable, "-c", "bytearray(b'x') * (512 << 20)"]).returncode == 0

def test_is_not_blamed(server):
    """A failure of another kind."""
    assert subprocess.run(["false"]).returncode == 0
'''


def outcomes(result: CellResult) -> dict[str, tuple[str, str]]:
    return {probe.name: (probe.kind, probe.outcome) for probe in result.probes}


CAME = {
    "test_measures": ("fact", "passed"),
    "test_breaks": ("contract", "failed"),
    "test_chats": ("contract", "skipped"),
    "test_is_not_set_up": ("fact", "error"),
}


def test_a_suite_that_does_not_come_to_its_end_keeps_the_probes_that_it_brought(
    subject: Subject, local: Platform, make_suite: MakeSuite
) -> None:
    run = CellRun(Cell(subject, local, "default"), LocalDriver(), SuiteOptions(make_suite(DIES)), lambda text: None)
    result = run.run()
    assert result.status == "error"
    assert result.reason.startswith("pytest ended with status 9 after suite/group/test_probes.py::test_dies: ")
    assert result.reason.endswith("; 4 of 5 probes came back")
    assert outcomes(result) == CAME
    assert result.facts == {"a.number": 1}
    assert "the port is not 0, " in result.failures[0].message
    assert result.failures[0].line == 8
    assert {probe.message for probe in result.probes if probe.outcome == "skipped"} == {
        "left out: tiny does not speak the chat protocol"
    }
    assert run.artifacts.junit[0].startswith(b"<testsuites>")


def test_a_suite_that_the_memory_limit_killed_says_so(
    engine: Engine, catalog: Catalog, subject: Subject, make_suite: MakeSuite
) -> None:
    platform = limited(catalog, "96m")
    cell = Cell(subject, platform, "default")
    driver = Drivers(engine).for_platform(platform)
    result = CellRun(cell, driver, SuiteOptions(make_suite(HOG)), lambda text: None).run()
    assert result.status == "error"
    assert result.reason.startswith("killed by the memory limit of 96 MiB; pytest ended with status 137 after suite/")
    assert outcomes(result) == CAME


def test_a_server_that_the_memory_limit_killed_is_said_in_the_failure(
    engine: Engine, catalog: Catalog, subject: Subject, make_suite: MakeSuite
) -> None:
    platform = limited(catalog, "192m")  # the child is to be larger than pytest
    cell = Cell(subject, platform, "default")
    driver = Drivers(engine).for_platform(platform)
    result = CellRun(cell, driver, SuiteOptions(make_suite(CHILD_HOG)), lambda text: None).run()
    assert result.status == "ran", result.reason
    first = {probe.name: probe.message.splitlines()[0] for probe in result.failures}
    assert first["test_serves"].startswith("a process was killed by the memory limit of 192 MiB: ")
    assert first["test_serves"].endswith("assert -9 == 0")
    assert first["test_is_not_blamed"].endswith("assert 1 == 0")
    assert "memory limit" not in first["test_is_not_blamed"]


def test_a_full_disk_is_named(engine: Engine, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anyunix.drivers.docker.docker_driver.SCRATCH", "rw,exec,nosuid,nodev,size=1m,mode=1777")
    platform = catalog.platform("alpine")
    driver = Drivers(engine).for_platform(platform)
    driver.up(lambda text: None)
    try:
        assert exhausted(driver, platform) == ""
        done = driver.run(["sh", "-c", "cat /dev/zero > full"], env={}, timeout=20)
        assert "No space left" in done.stderr
        assert exhausted(driver, platform) == "the disk is full: 1 MiB at /work"
        assert driver.get(PurePosixPath("full"), limit=2_000_000)
    finally:
        driver.down()
    assert exhausted(driver, platform) == ""


def limited(catalog: Catalog, memory: str) -> Platform:
    platform = catalog.platform("alpine")
    return dataclasses.replace(platform, options=msgspec.structs.replace(platform.options, memory=memory))
