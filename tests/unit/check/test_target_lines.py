"""Files of targets, and targets of the command line."""

from pathlib import Path

import pytest

from anyunix.check.target_lines import target_lines
from anyunix.cli import main
from check_servers import V4, serving


def test_a_line_is_a_target_with_options_and_comments_are_none(tmp_path: Path) -> None:
    file = tmp_path / "targets"
    file.write_text("# ours\n\nhttps://www.example --expect dual  # both\r\nudp://ns:53 --send 'a b'\n")
    assert target_lines(file) == [
        (f"{file}:3", ["https://www.example", "--expect", "dual"]),
        (f"{file}:4", ["udp://ns:53", "--send", "a b"]),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no target: write a URL"),
        ("# nothing\n", "no target: write a URL"),
        ("tcp://a:1 --send 'x\n", "targets:1: no closing quotation"),
        ("\ntcp://a:1 --expct dual\n", "targets:2: unrecognized arguments: --expct dual (did you mean '--expect'?)"),
        ("tcp://a:1 tcp://b:1\n", "targets:1: unrecognized arguments: tcp://b:1"),
        ("tcp://a:1 --expect both\n", "targets:1: argument --expect: invalid choice: 'both'"),
        ("tcp://a:1 --watch\n", "targets:1: unrecognized arguments: --watch"),
        ("--expect dual\n", "targets:1: the following arguments are required: TARGET"),
        ("tcp://a\n", "targets:1: tcp://a: expected tcp://HOST:PORT"),
        ("tcp://a:1\ntcp://a:1\n", "tcp://a:1 is there twice: give one of them a name of its own with --label"),
        ("tcp://a:1 --send x\x1b[2J\n", "targets:1: a control character"),
        ("unix:/x --also ::1\n", "targets:1: unix:/x: --also is for names"),
    ],
)
def test_a_bad_file_is_one_line_and_exit_status_2(
    content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "targets").write_text(content)
    assert main(["check", "--targets", str(tmp_path / "targets")]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1


def test_a_file_in_the_place_of_a_target_is_told_where_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("targets").write_text("redis://cache\n")
    assert main(["check", "targets"]) == 2
    assert capsys.readouterr().err == "anyunix: targets is a file: --targets targets looks at the targets in it\n"


def test_options_of_the_command_line_hold_where_a_line_says_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(V4) as port:
        lines = [f"127.0.0.1:{port}", f"127.0.0.1:{port} --expect dual --label both"]
        (tmp_path / "targets").write_text("\n".join(lines))
        assert main(["check", "--targets", str(tmp_path / "targets"), "--expect", "ipv4"]) == 1
    said = capsys.readouterr().out
    assert "✗ both: dual was expected, ipv4 was found" in said
    assert said.count("was expected") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no target: write a URL"),
        (["a:1", "b:1", "--label", "x"], "--label is for one target"),
        (["a:1", "--watch", "--format", "json"], "--watch shows text"),
        (["a:1", "--out", "x"], "--out is for a --format for programs"),
        (["--targets", "/nowhere/targets"], "/nowhere/targets: cannot be read: No such file"),
        (["tls://a:1", "--protocol", "chat"], "--protocol chat is spoken by HOST:PORT"),
    ],
)
def test_a_bad_command_line_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *words]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1
