"""What the command line takes, and that it prints nothing that could steer a terminal."""

from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.cli import main
from anyunix.results.matrix_file import encode
from anyunix.text import UNSAFE
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
