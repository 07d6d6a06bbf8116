"""tools/run_tests.py: a test that fails beside others and passes alone is named, one that fails twice is a failure."""

import subprocess
import sys
from pathlib import Path

import pytest

from checkout import ROOT

FAILS = "def test_it():\n    assert False\n"
PASSES_THE_SECOND_TIME = """
from pathlib import Path

def test_it():
    seen = Path(__file__).with_suffix(".seen")
    try:
        assert seen.exists()
    finally:
        seen.touch()
"""
PASSES = "def test_that():\n    pass\n"


def run(folder: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    for number, test in enumerate([*tests, PASSES]):
        (folder / f"test_{number}.py").write_text(test)
    command = [sys.executable, ROOT / "tools" / "run_tests.py", "--rootdir", folder, folder]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_what_passes_alone_is_named_and_no_failure(tmp_path: Path) -> None:
    found = run(tmp_path, [PASSES_THE_SECOND_TIME])
    assert found.returncode == 0, found.stdout
    assert "passes alone, failed beside others: test_0.py::test_it" in found.stdout


@pytest.mark.parametrize("failing", [1, 4])
def test_what_fails_alone_as_well_is_a_failure(tmp_path: Path, failing: int) -> None:
    found = run(tmp_path, [FAILS] * failing)
    assert found.returncode == 1
    assert "passes alone" not in found.stdout
    assert ("tried again" in found.stdout) == (failing <= 3)


def test_where_no_test_fails_nothing_is_tried_again(tmp_path: Path) -> None:
    found = run(tmp_path, [])
    assert found.returncode == 0
    assert "tried again" not in found.stdout


def test_what_cannot_be_run_is_a_failure(tmp_path: Path) -> None:
    assert run(tmp_path, ["import no_such_module\n"]).returncode == 2
