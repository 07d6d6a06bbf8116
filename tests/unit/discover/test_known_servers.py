"""`anyunix init --from NAME`: what comes with anyunix reads as it is, and nothing is written over anything."""

from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subject_file import read_subject
from anyunix.cli import main
from anyunix.discover.known_servers import known_servers


def test_each_of_them_is_written_and_read(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    known = known_servers(catalog)
    assert {"nginx", "redis", "sshd", "cat-inetd"} <= known.keys()
    for name in known:
        assert main(["init", "--from", name]) == 0
        assert capsys.readouterr().out.startswith(f"{name}.yaml: written; try it: anyunix try ./{name}.yaml\n")
        written, original = read_subject(tmp_path / f"{name}.yaml"), read_subject(known[name])
        assert (written.start, written.talk, written.promises) == (original.start, original.talk, original.promises)


def test_a_program_that_is_not_here_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("anyunix.discover.known_servers.SBIN", (str(tmp_path / "sbin"),))
    assert main(["init", "a.yaml", "--from", "nginx"]) == 0
    assert "no nginx is on PATH here: install it" in capsys.readouterr().out
    (tmp_path / "sbin").mkdir()
    (tmp_path / "sbin" / "nginx").touch(mode=0o755)
    assert main(["init", "b.yaml", "--from", "nginx"]) == 0
    assert f"nginx is {tmp_path}/sbin/nginx here, and not on PATH" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "ngnix"], "no server is known as 'ngnix' (did you mean 'nginx'?); known: "),
        (["my.yaml", "--from", "nginx"], "my.yaml is there already: it is left as it is"),
        (
            ["--from", "nginx", "--detect", "cat"],
            "--detect: expected the command that starts the server, and no --from",
        ),
        (["--with", "x"], "--with: expected --detect COMMAND after it"),
        (["--detect"], "--detect: expected the command that starts the server"),
        (["my.yaml", "--detect", "cat"], "my.yaml is there already: it is left as it is"),
    ],
)
def test_it_says_why_it_does_not_write(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text("mine")
    assert main(["init", *words]) == 2
    assert said in capsys.readouterr().err
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"my.yaml": "mine"}
