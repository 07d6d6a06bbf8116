"""The subject is started once before the suite: a file that is wrong is told in seconds, with exit status 2."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from any_server_subject import written
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.cli import main
from anyunix.drivers.local import LocalDriver
from anyunix.payload.archive import subject_json
from anyunix.results.model import STARTS, CellResult, Matrix, Probe
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.start import never_started

MakeSuite = Callable[[str], Path]
PROBE = 'def test_serves(server):\n    """A contract."""\n    server.serve()\n'


@pytest.fixture
def run_cell(tmp_path: Path, make_suite: MakeSuite, local: Platform) -> Callable[..., CellResult]:
    def run(**changed: str) -> CellResult:
        subject = written(tmp_path, **changed)
        cell = Cell(subject, local, next(iter(subject.binds)))
        return CellRun(cell, LocalDriver(), SuiteOptions(make_suite(PROBE)), lambda text: None).run()

    return run


def test_a_healthy_one_leaves_no_trace_of_it(run_cell: Callable[..., CellResult]) -> None:
    assert [(probe.name, probe.outcome) for probe in run_cell().probes] == [("test_serves", "passed")]


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"start": '[no-such-program, "{port}"]'}, "NotReady", "start: 'no-such-program' cannot be run in"),
        (
            {"start": '["{python}", any_server.py, "{port}", "needs IPv6", /no/such/folder/file]'},
            "NotReady",
            "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/folder/file'",
        ),
    ],
    ids=["no-program", "dies"],
)
def test_one_that_cannot_start_is_one_failed_contract(
    changed: dict[str, str], error: str, said: str, run_cell: Callable[..., CellResult]
) -> None:
    result = run_cell(**changed)
    (probe,) = result.probes
    assert (result.status, probe.id, probe.kind, probe.outcome) == ("ran", STARTS, "contract", "failed")
    assert probe.error == error
    assert said in probe.message


def test_a_talk_that_is_wrong_is_told_with_what_came(catalog: Catalog, tmp_path: Path) -> None:
    """By the script alone, not as patient here: a server may need some seconds until it answers as it should."""
    subject = written(tmp_path, talk='{send: "hi\\n", expect: "^HELLO$"}')
    (tmp_path / "subject.json").write_text(subject_json(subject))
    impatient = "import support.ready; support.ready.WRONG_SECONDS = 0; import start_once; start_once.main()"
    done = subprocess.run(
        [sys.executable, "-c", impatient],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "ANYUNIX_SUBJECT": str(tmp_path / "subject.json"), "PYTHONPATH": str(catalog.suite)},
    )
    answer = json.loads(done.stdout)
    assert answer["error"] == "NotReady"
    assert re.match(
        r"not ready: a client of port \d+ is answered, but not as `talk` expects: nothing that matches "
        r"'\^HELLO\$' came within \S+ s, but b'hello\\n'; its stdout ended with:\nserving",
        answer["message"],
    )


def test_a_run_ends_with_2_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, start='["{python}", no_server.py, "{port}"]')
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--subject", "./mine.yaml", "--platform", "local", "--out", "out"]) == 2
    said = capsys.readouterr()
    assert "anyunix: subject 'mine' cannot be started (local): the server ended with exit status 2 before" in said.err
    assert "can't open file" in said.err
    assert "portable" not in said.out
    (cell,) = json.loads((tmp_path / "out" / "matrix.json").read_text())["cells"]
    assert [probe["id"] for probe in cell["probes"]] == [STARTS]


def test_one_that_starts_elsewhere_is_judged() -> None:
    """That it does not start on one platform of several is a difference between them, and no fault of its file."""
    broken = CellResult("mine", "alpine", "dual", "ran", probes=(Probe(STARTS, "contract", "failed", "E   no luck"),))
    kept = CellResult("mine", "debian", "dual", "ran", probes=(Probe("a/b.py::c", "contract", "passed"),))
    absent = CellResult("mine", "freebsd", "dual", "not-run", "no vagrant")
    assert never_started(Matrix((), (broken, kept), "debian")) == {}
    accepted = replace(broken, probes=(replace(broken.probes[0], expected="no port yet"),))
    assert never_started(Matrix((), (accepted,), "debian")) == {}
    assert never_started(Matrix((), (absent,), "debian")) == {}
    assert "cannot be started (alpine): no luck" in never_started(Matrix((), (broken, absent), "debian"))["mine"]
