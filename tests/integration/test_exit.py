"""How the command ends when it is not by an answer: never with a traceback that is not ours, never with 0 or 1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from anyunix.report.out_folder import OutFolder
from example_matrix import example

PRINTING = (("list", "probes"), ("report", "out"))
"""With Python's print, and with rich's console."""
HOOK = """\
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "anyunix.commands.list":
            {action}
sys.meta_path.insert(0, Finder())
"""


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A folder with the results of a run in it."""
    OutFolder(tmp_path / "out").write(example())
    return tmp_path


def started(*arguments: str, cwd: Path, **how: object) -> "subprocess.Popen[str]":
    """The command, in a locale and with buffers as in a shell script."""
    environment = {**os.environ, **how.pop("environment", {})}  # type: ignore[dict-item]  # a test's own
    return subprocess.Popen(
        [sys.executable, "-m", "anyunix", *arguments],
        cwd=cwd,
        env=environment,
        text=True,
        stderr=subprocess.PIPE,
        **how,
    )  # type: ignore[call-overload,no-any-return]  # Popen's own


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def sitecustomize(folder: Path, action: str) -> dict[str, str]:
    """An environment in which `action` is done in the middle of anyunix's imports."""
    (folder / "sitecustomize.py").write_text(HOOK.format(action=action))
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("arguments", PRINTING)
def test_a_reader_that_goes_away_is_no_traceback_and_no_answer(there: Path, arguments: tuple[str, ...]) -> None:
    process = started(*arguments, cwd=there, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert ended(process) == (141, "")


@pytest.mark.parametrize("arguments", PRINTING)
def test_a_full_device_is_said(there: Path, arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        process = started(*arguments, cwd=there, stdout=full)
        assert ended(process) == (74, "anyunix: the output cannot be written: No space left on device\n")


def test_nowhere_to_say_it_is_no_answer_either(there: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "anyunix", "list", "probes"],
            cwd=there,
            stdout=full,
            stderr=full,
            timeout=60,
            check=False,
        )
    assert done.returncode == 74


def test_an_interrupt_during_the_imports_is_an_interrupt(tmp_path: Path) -> None:
    environment = sitecustomize(tmp_path, "os.kill(os.getpid(), signal.SIGINT)")
    process = started("list", "probes", cwd=tmp_path, stdout=subprocess.DEVNULL, environment=environment)
    assert ended(process) == (130, "anyunix: interrupted\n")


def test_a_crash_is_70_with_the_traceback_and_whom_to_tell(tmp_path: Path) -> None:
    environment = sitecustomize(tmp_path, "raise RuntimeError('as planned')")
    status, errors = ended(started("list", "probes", cwd=tmp_path, stdout=subprocess.DEVNULL, environment=environment))
    assert status == 70
    assert errors.startswith("Traceback (most recent call last):")
    assert errors.splitlines()[-2:] == [
        "RuntimeError: as planned",
        "anyunix: this is a fault of anyunix itself and no "
        "answer: please report it, with the lines above and the command",
    ]


def test_a_report_that_cannot_be_written_is_3_after_the_answer(there: Path) -> None:
    process = subprocess.Popen(
        ["sh", "-c", f"ulimit -f 4; exec {sys.executable} -m anyunix report out"],
        cwd=there,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "anyunix: not portable" in output.splitlines()[-1]
    assert errors == "anyunix: out/index.html: cannot be written: File too large\n"
    assert sorted(path.name for path in (there / "out").iterdir()) == [
        "index.html",
        "junit.xml",
        "matrix.json",
        "report.md",
    ]
