"""tools/fuzz_input.py: mutated files are refused in words, and what is not is found."""

import importlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.cli import main
from anyunix.results.matrix_file import encode
from anyunix.results.model import Matrix
from checkout import ROOT

TOOLS = ROOT / "tools"
BROKEN = "import fuzz_input; fuzz_input.anyunix = lambda command: {}; raise SystemExit(fuzz_input.main())"


def fuzz(folder: Path, *program: str, runs: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *program, "--runs", str(runs), "--seed", "8", "--keep", str(folder / "kept")]
    return subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, timeout=120, check=False)


def test_sixty_mutated_files_are_no_trouble(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "fuzz_input.py", runs=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("seed 8, 60 runs\n")
    assert done.stdout.endswith("0 findings in 60 runs\n")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("7", "exit status 7"),
        ("print(chr(27)) or 2", "control characters"),
        ("open('.left', 'w').close() or 2", "left behind: ['.left']"),
    ],
)
def test_what_goes_wrong_is_found_and_kept(tmp_path: Path, fault: str, said: str) -> None:
    done = fuzz(tmp_path, "-c", BROKEN.format(fault), runs=4)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout
    assert list((tmp_path / "kept").iterdir())


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Matrix:
    monkeypatch.syspath_prepend(str(TOOLS))
    found: Matrix = importlib.import_module("sample_matrix").sample()
    return found


def test_a_file_of_expectations_on_one_line_is_told_whatever_is_added(
    tmp_path: Path, sample: Matrix, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found by fuzzing: two entries were added, and after the first one the text was no YAML."""
    (tmp_path / "matrix.json").write_bytes(encode(sample))
    (tmp_path / "python.yaml").write_text('{"debian": {}}')
    assert main(["accept", str(tmp_path), "--expectations", str(tmp_path)]) == 2
    assert "python.yaml: cannot be added to as it is written" in capsys.readouterr().err


def test_a_matrix_without_cells_is_not_answered(tmp_path: Path, sample: Matrix) -> None:
    (tmp_path / "matrix.json").write_bytes(encode(replace(sample, cells=(), verdicts=())))
    assert main(["merge", str(tmp_path), "--out", str(tmp_path / "merged")]) == 3
