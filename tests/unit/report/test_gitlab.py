"""Inside GitLab CI: a Code Quality report with what its documentation asks for, and nothing outside."""

import json
from pathlib import Path

from anyunix.report.gitlab import report
from anyunix.report.out_folder import OutFolder
from anyunix.results.model import CellResult, Matrix, Probe


def matrix(outcome: str) -> Matrix:
    probe = Probe("binding/test_x.py::test_it", "contract", outcome, "E   no\x1b[2J", line=7)  # type: ignore[arg-type]
    return Matrix((), (CellResult("mine", "debian", "default", "ran", probes=(probe,)),), "debian")


def test_each_failure_has_an_entry_that_stays_the_same(tmp_path: Path) -> None:
    out = OutFolder(tmp_path)
    read = []
    for _ in range(2):
        report(matrix("failed"), {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(tmp_path)}, {}, out)
        read.append(json.loads((tmp_path / "gl-code-quality.json").read_text()))
    assert read[0] == read[1]
    (entry,) = read[0]
    assert len(entry.pop("fingerprint")) == 64
    assert entry == {
        "description": "failure: test_it on debian mine default no",
        "check_name": "binding/test_x.py::test_it",
        "severity": "major",
        "location": {"path": "suite/binding/test_x.py", "lines": {"begin": 7}},
    }
    report(matrix("passed"), {"GITLAB_CI": "true"}, {}, out)
    assert json.loads((tmp_path / "gl-code-quality.json").read_text()) == []
    assert out.problems == {}


def test_nothing_is_written_elsewhere(tmp_path: Path) -> None:
    report(matrix("failed"), {}, {}, OutFolder(tmp_path))
    assert list(tmp_path.iterdir()) == []
