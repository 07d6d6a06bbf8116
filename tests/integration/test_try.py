"""`anyunix try`: a real server started once, what is shown of it, and the exit status."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyunix.cli import main
from checkout import ROOT

Write = Callable[..., str]
LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
TALKS = "while True: c = s.accept()[0]; c.sendall(c.recv(99)); c.recv(1); c.close()"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A subject file of one Python program, and more keys."""

    def written(program: str, **more: Any) -> str:
        keys = {"title": "x", "start": ["{python}", "-c", program, "{port}"], "ready": {"port": True}, **more}
        (tmp_path / "my.yaml").write_text(json.dumps(keys))
        return str(tmp_path / "my.yaml")

    return written


@pytest.fixture
def tried(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(*words: str) -> tuple[int, str]:
        status = main(["try", *words])
        return status, capfd.readouterr().out

    return run


def test_what_is_seen_of_a_server_that_does_what_its_file_says(write: Write, tried: Any) -> None:
    talk = {"send": "\u001b{n}\n", "expect": "{n}"}
    status, said = tried(write(f"{LISTEN}\n{TALKS}", talk=talk, promises={"ipv6": False, "interfaces": False}))
    assert status == 0, said
    assert "\nlistens on  tcp 127.0.0.1:" in said
    assert "\nit said     '\\x1b" in said
    assert "\x1b" not in said
    assert "\nSIGTERM     killed by signal 15 after " in said
    assert "nothing is left: no process, no file, no listener" in said
    assert said.endswith("anyunix: my, bind default on local: does what its file says\n")


def test_json_says_the_same(write: Write, tried: Any) -> None:
    status, said = tried(write(f"{LISTEN}\n{TALKS}", talk={"send": "a", "expect": "a"}), "--json")
    seen = json.loads(said)
    assert (status, seen["problems"], seen["heard"]) == (0, [], {"guest": "a"})
    assert (seen["ending"]["status"], seen["ending"]["processes"]) == (-15, [])
    assert [socket["place"].rpartition(":")[0] for socket in seen["sockets"]] == ["tcp 127.0.0.1"]


def test_one_that_ends_before_it_is_ready(write: Write, tried: Any) -> None:
    status, said = tried(write("raise SystemExit('no \\x1b[31mkey\\n')"))
    assert status == 1
    assert "✗ the server ended with exit status 1 before it was ready; its stderr ended with:\nno key\n" in said


def test_one_that_is_not_what_its_file_says_at_the_end(write: Write, tried: Any) -> None:
    ignores = "import signal; signal.signal(15, signal.SIG_IGN);"
    status, said = tried(write(f"{ignores}{LISTEN}\n{TALKS}"))
    assert status == 1
    assert "✗ SIGTERM: it did not end within " in said
    assert "could say promises: {sigterm: slow, survives or false}" in said


def test_one_that_answers_something_else(write: Write, tried: Any) -> None:
    status, said = tried(write(f"{LISTEN}\n{TALKS}", ready={"port": True}, talk={"send": "a\n", "expect": "^b"}))
    assert status == 1
    assert "is answered, but not as `talk` expects: nothing that matches '^b' came" in said


def test_one_that_leaves_a_file_and_a_process(write: Write, tried: Any) -> None:
    leaves = "import os, subprocess; open(sys.argv[2], 'w'); subprocess.Popen(['sleep', '60']);"
    start = ["{python}", "-c", f"{LISTEN}{leaves}\n{TALKS}", "{port}", "{work}/left"]
    status, said = tried(write("", start=start))
    assert status == 1
    assert "files left in {work}: left" in said
    assert " sleep 60" in said.split("processes left: ")[1].splitlines()[0]
    assert "could say promises: {sigterm: alone}" in said


def test_inetd_and_a_port_of_its_own(tried: Any, write: Write) -> None:
    status, said = tried(str(ROOT / "examples/servers/starting/cat-inetd.yaml"))
    assert status == 0, said
    if shutil.which("unshare"):
        fixed = f"{LISTEN.replace('int(sys.argv[1])', '7')}\n{TALKS}"
        status, said = tried(write(fixed, port=7, talk={"send": "a", "expect": "a"}), "--platform", "local-private")
        assert (status, "answers on  127.0.0.1:7\n" in said) in ((0, True), (3, False)), said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no.yaml"], "no.yaml: no such subject file"),
        (["my.yaml", "--bind", "defualt"], "my has no bind mode 'defualt' (did you mean 'default'?); it has default"),
        (["my.yaml", "--platform", "locla"], "no platform is called 'locla' (did you mean 'local'?)"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str],
    said: str,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("")
    monkeypatch.chdir(tmp_path)
    assert main(["try", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
