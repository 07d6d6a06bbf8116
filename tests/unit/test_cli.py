"""What the command line takes and imports, and that it prints nothing that could steer a terminal."""

import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.cli import COMMANDS, MODULES, main
from anyunix.results.matrix_file import encode
from anyunix.text import UNSAFE
from checkout import ROOT
from example_matrix import HOSTILE, example


def test_no_command_sends_a_terminal_what_a_file_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Found by fuzzing: a name, an emulator, a reference went out as they were."""
    matrix = example()
    strange = replace(matrix.cells[1].probes[1], id=f"chat/x{HOSTILE}.py::test")
    hostile = replace(
        matrix,
        reference=HOSTILE,
        verdicts=(replace(matrix.verdicts[0], because=(HOSTILE,)),),
        platforms=tuple(replace(platform, emulator=HOSTILE) for platform in matrix.platforms),
        cells=(matrix.cells[0], replace(matrix.cells[1], probes=(strange,)), *matrix.cells[2:]),
    )
    (tmp_path / "matrix.json").write_bytes(encode(hostile))
    assert main(["report", str(tmp_path)]) == 0
    (tmp_path / "matrix.json").write_text('{"schema": "\\u001b[2J"}')
    assert main(["report", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert "gone" in printed.out
    assert not UNSAFE.search(printed.out + printed.err)


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--out", ""],
        ["merge", "x", "--out", ""],
        ["report", ""],
        ["diff", "", "x"],
        ["run", "--expectations", ""],
        ["plan", "--out", ""],
        ["init", ""],
    ],
)
def test_an_empty_path_is_not_the_current_folder(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 2
    assert "expected a path, found an empty text" in capsys.readouterr().err


def imported(*arguments: str) -> set[str]:
    """The packages and modules that a command imports."""
    command = [sys.executable, "-X", "importtime", "-m", "anyunix", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return set(re.findall(r"^import time:.*\| *(\S+)$", done.stderr, re.MULTILINE))


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_no_command_is_imported_that_is_not_asked_for(option: str) -> None:
    names = imported(option)
    assert "anyunix.cli" in names
    assert names.isdisjoint({"docker", "jinja2", "msgspec", "requests", "rich", "yaml", "importlib.metadata"})
    assert names.isdisjoint({f"anyunix.commands.{MODULES.get(name, name)}" for name in COMMANDS})


def test_a_list_of_subjects_needs_nothing_that_runs_anything() -> None:
    names = imported("list", "subjects")
    assert "anyunix.catalog.lookup" in names
    assert names.isdisjoint({"docker", "jinja2", "requests", "importlib.metadata", "anyunix.run", "anyunix.trace"})


def test_a_check_needs_neither_the_engine_nor_the_page() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        names = imported("check", f"127.0.0.1:{closed.getsockname()[1]}")
    assert "anyunix.check.check_report" in names
    assert names.isdisjoint({"docker", "jinja2", "requests", "yaml", "anyunix.run"})


def test_every_command_has_a_line_and_a_help_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    files = {path.stem for path in (ROOT / "anyunix" / "commands").glob("*.py")}
    assert files - {"__init__", "cluster_options", "common", "pool_options", "selection_options", "suite_options"} == {
        MODULES.get(name, name) for name in COMMANDS
    }
    for name in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: anyunix {name} [-h]")
