"""`anyunix lint`: every kind of mistake at its line, nothing for what is right, and no file of others."""

from pathlib import Path

import pytest
import yaml

from anyunix.cli import main
from checkout import ROOT

GOOD = 'title: mine\nstart: [my-server, "{port}"]\nready: {port: true}\ntalk: {send: "", expect: x}\n'
PROBE = "binding/test_any_server_contracts.py::test_a_client_on_ipv4_loopback_is_served"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "expectations").mkdir()
    (tmp_path / "platforms").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("mine.yaml", GOOD.replace("ready:", "raedy:"), "mine.yaml:3: "),
        ("mine.yaml", GOOD + "  x: [\n", "mine.yaml:5: "),
        ("mine.yaml", GOOD.replace("title: mine\n", ""), "mine.yaml: key 'title': missing"),
        ("bsd.yaml", "title: x\ndriver: shh\n", "bsd.yaml:2: key 'driver': "),
        ("platforms/bsd.yaml", "title: x\n", "platforms/bsd.yaml: key 'driver': missing"),
        ("expectations/mine.yaml", f"debian:\n  {PROBE}:\n    reason: TODO\n", "expectations/mine.yaml:2: debian: "),
        (
            "expectations/mine.yaml",
            f"debian:\n  {PROBE}x:\n    reason: known\n",
            f"expectations/mine.yaml:2: debian: {PROBE}x: no contract has this name (did you mean '{PROBE}'?)",
        ),
        ("expectations/mine.yaml", f"debain:\n  {PROBE}:\n    reason: known\n", "(did you mean 'debian'?)"),
        ("faults/mine.yaml", "title: x\ncaught_by: [y]\n", "faults/mine.yaml: key 'lesson': missing"),
    ],
)
def test_a_mistake_is_told_at_its_line(
    here: Path, file: str, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / file).parent.mkdir(exist_ok=True)
    (here / file).write_text(text)
    for asked in ([], [file], ["."], ["--known", file]):
        assert main(["lint", *asked]) == 2
        (line,) = capsys.readouterr().out.splitlines()
        assert line.startswith(said) or (said.startswith("(") and said in line)


def test_what_is_right_is_no_problem(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine.yaml").write_text(GOOD)
    (here / "bsd.yaml").write_text("title: x\ndriver: ssh\naddress: ssh://ada@bsd.example.org\n")
    (here / "expectations" / "mine.yaml").write_text(f"bsd:\n  {PROBE}:\n    reason: known\n")
    assert main(["lint"]) == 0
    assert capsys.readouterr().out == "3 files checked, no problem\n"


def test_files_of_others_are_left_alone_but_for_those_that_are_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "compose.yaml").write_text("services: {}\n")
    (here / "platforms" / "theirs.yml").write_text("- hosts: all\n")
    assert main(["lint", "--known", "compose.yaml", "platforms/theirs.yml"]) == 0
    assert main(["lint"]) == 2
    assert "no file of anyunix (.yaml or .yml) in . and platforms/" in capsys.readouterr().err
    assert main(["lint", "compose.yaml"]) == 2
    assert "compose.yaml: no file of anyunix: expected start: (a subject file) or " in capsys.readouterr().err
    assert main(["lint", "none.yaml"]) == 2
    assert "none.yaml" in capsys.readouterr().err


def test_the_hook_runs_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """On all files of the project that it would be given."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, *arguments = hook["entry"].split()
    assert program == "anyunix"
    folders = ("platforms", "chat", "chat/faults", "examples/servers", "examples/servers/expectations")
    files = [str(file) for folder in folders for file in sorted((ROOT / folder).glob("*.y*ml"))]
    assert main([*arguments, *files]) == 0
    assert f"{len(files)} files checked, no problem" in capsys.readouterr().out
