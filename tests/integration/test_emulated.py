"""Emulated CPUs: found by what the kernel has registered, left out by default, blamed for what is theirs alone."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from anyunix.analysis.verdict import judge
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cli import main
from anyunix.drivers.local import LocalDriver
from anyunix.report import markdown
from anyunix.report.html import render as render_html
from anyunix.report.terminal import print_report
from anyunix.results.model import CellResult, Matrix
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.emulator_limits import passes_all_the_same
from anyunix.run.matrix import platform_result

PROBES = """\
def test_kept(server): pass
def test_blamed(server): raise AssertionError("the emulator's")
def test_blamed_wrongly(server): pass
def test_broken(server): raise AssertionError("the server's")
"""
IDS = {"group/test_probes.py::test_blamed": "ptrace is missing", "group/test_probes.py::test_blamed_wrongly": "it was"}


@pytest.fixture
def emulated(local: Platform) -> Platform:
    return dataclasses.replace(local, emulator="qemu-user", emulator_limits=IDS)


def test_what_the_emulator_is_to_blame_for_is_left_out_and_never_passes(
    subject: Subject, emulated: Platform, local: Platform, make_suite: Callable[[str], Path]
) -> None:
    order = SuiteOptions(make_suite(PROBES))
    outcomes = {}
    for platform in (emulated, local):
        result = CellRun(Cell(subject, platform, "default"), LocalDriver(), order, lambda text: None).run()
        assert result.status == "ran", result.reason
        outcomes[platform.emulator] = {probe.name: (probe.outcome, probe.message) for probe in result.probes}
    here, there = outcomes["qemu-user"], outcomes[""]
    assert {name: outcome for name, (outcome, _) in here.items()} == {
        "test_kept": "passed",
        "test_blamed": "skipped",
        "test_blamed_wrongly": "skipped",
        "test_broken": "failed",
    }
    assert here["test_blamed"][1] == "left out: qemu-user: ptrace is missing"
    assert here["test_blamed_wrongly"][1] == "left out, though it passes: qemu-user: it was"
    assert {name: outcome for name, (outcome, _) in there.items()} == {
        "test_kept": "passed",
        "test_blamed": "failed",
        "test_blamed_wrongly": "passed",
        "test_broken": "failed",
    }
    _check_reports(result_of(subject, emulated, order), emulated)


def result_of(subject: Subject, platform: Platform, order: SuiteOptions) -> CellResult:
    return CellRun(Cell(subject, platform, "default"), LocalDriver(), order, lambda text: None).run()


def _check_reports(result: CellResult, platform: Platform) -> None:
    """All three pages mark the platform, and the one on the terminal names the entry that is not needed."""
    matrix = judge(Matrix((platform_result(platform, [result]),), (result,), "local"))
    assert [probe.name for probe in result.probes if passes_all_the_same(probe)] == ["test_blamed_wrongly"]
    console = Console(width=200, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115
    print_report(console, matrix, "out")
    said = console.export_text()
    console.file.close()
    assert "CPU emulated by qemu-user: local" in said
    assert "take it out of emulator_limits of local: test_blamed_wrongly" in said
    assert "local (reference) (CPU emulated by qemu-user)" in markdown.render(matrix)
    assert "CPU emulated by qemu-user" in render_html(matrix)


def test_a_run_says_which_platforms_it_left_out(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Catalog, "usual_order", lambda catalog: ["local", "debian-s390x"])
    assert main(["run", "--subject", "python", "-k", "test_ipv4_client_is_served", "--out", str(tmp_path)]) == 0
    assert "not run: debian-s390x: only when asked for: --platform debian-s390x" in capsys.readouterr().out


def test_waits_are_longer_where_the_platform_is_slow(
    subject: Subject, local: Platform, make_suite: Callable[[str], Path]
) -> None:
    suite = make_suite(
        "import support.deadline\n"
        "def test_seconds(fact, monkeypatch):\n"
        "    monkeypatch.setattr(support.deadline, 'load', lambda: 1.0)\n"
        "    support.deadline.patience.cache_clear()\n"
        "    fact('a.seconds', support.deadline.Deadline(2.0).seconds)\n"
    )
    for slowness, seconds in ((1, 2.0), (3, 6.0)):
        result = result_of(subject, dataclasses.replace(local, slowness=slowness), SuiteOptions(suite))
        assert result.facts == {"a.seconds": seconds}
