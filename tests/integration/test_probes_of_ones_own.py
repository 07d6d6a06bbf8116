"""`anyunix run --probes`, as a user types it: a server's old bug is a contract, and gets all that contracts get."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from anyunix.cli import main
from anyunix.drivers.docker.engine import Engine
from checkout import ROOT

EXAMPLE = ROOT / "examples" / "probes"
NOTES, ECHO = EXAMPLE / "notes", ROOT / "examples" / "first" / "echo.yaml"
OLD_BUG = "notes/test_old_bugs.py::test_a_command_in_two_pieces_is_one_command"
MINE = '''\
"""Contracts of an echo server."""

from support.marks import explained_by


@explained_by("ipv6.v6only_default", failing="old clients are refused", fix="listen on both families")
def test_old_clients_are_served(server):
    """Clients of 1999 know IPv4 alone."""
    with server.connect("127.0.0.1") as client:
        client.sendall(b"hello\\n")
        assert client.recv(100) == b"hello\\n"


def test_name(fact):
    """What it is called."""
    import os

    fact("mine.system", os.uname().sysname)
'''
LACKING = """\
import requests


class TestAll:
    def test_over_http(self, server):
        pass


def test_version(fact):
    fact("mine.requests", requests.__version__)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def results(folder: str) -> Any:
    return json.loads((Path(folder) / "matrix.json").read_text())


def probes_in(matrix: Any) -> dict[tuple[str, str], Any]:
    """Platform and ID -> probe; those of facts are the platform's."""
    places = [(cell["platform"], cell) for cell in matrix["cells"]]
    places += [(platform["name"], platform) for platform in matrix["platforms"]]
    return {(name, probe["id"]): probe for name, place in places for probe in place["probes"]}


def outcomes(matrix: Any) -> dict[tuple[str, str], str]:
    return {key: probe["outcome"] for key, probe in probes_in(matrix).items()}


@pytest.mark.parametrize(("subject", "kept"), [("notes.yaml", True), ("notes-1.2.yaml", False)])
def test_an_old_bug_is_a_contract(subject: str, kept: bool, capsys: pytest.CaptureFixture[str]) -> None:
    run = ["run", "--subject", str(EXAMPLE / subject), "--platform", "local", "--probes", str(NOTES), "-k", "notes"]
    assert main([*run, "--out", "out"]) == (0 if kept else 1)
    said = capsys.readouterr().out
    matrix = results("out")
    assert outcomes(matrix)["local", OLD_BUG] == ("passed" if kept else "failed")
    assert matrix["platforms"][0]["facts"] == {"notes.names_differ_by_case": True}
    assert ("3/3" if kept else "2/3 ✗") in said
    pages = [(Path("out") / name).read_text() for name in ("report.md", "index.html", "junit.xml")]
    assert all("notes" in page and "two_pieces" in page for page in pages[1:])
    assert kept or "b'SET greet' alone was answered" in said
    assert kept or "A command is a line, in however many segments TCP brings it." in pages[0]


def test_what_fails_on_one_platform_gets_its_facts_its_trace_and_its_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And shards of it are the same run; `why` and `merge` want the same probes."""
    Path("mine").mkdir()
    Path("mine/test_clients.py").write_text(MINE)
    cells = ["--subject", str(ECHO), "--platform", "local,local-v6only"]
    run = ["run", *cells, "--probes", "mine", "-k", "mine", "--out", "out", "--experiment-seconds", "600"]
    assert main(run) == 1
    said = capsys.readouterr().out
    matrix = results("out")
    (probe,) = [
        each
        for cell in matrix["cells"]
        if cell["platform"] == "local-v6only"
        for each in cell["probes"]
        if each["kind"] == "contract"
    ]
    assert probe["failure_kind"] == "platform difference"
    assert sorted(probe["cause"]["differences"]) == ["passive-order", "v6only-default"]
    assert "old clients are refused on local-v6only" in said and "Fix: listen on both families" in said
    assert "system calls part first" in said
    assert {platform["name"]: platform["facts"]["mine.system"] for platform in matrix["platforms"]} == {
        "local": "Linux",
        "local-v6only": "Linux",
    }
    assert matrix["platforms"][1]["facts"]["ipv6.v6only_default"] == 1, "measured after the run, as -k left it out"

    why = ["why", "local-v6only-echo-default", "old_clients", "--subject", str(ECHO), "--from", "out"]
    assert main([*why, "--probes", "mine"]) == 0
    for cell in matrix["cells"]:
        for each in cell["probes"]:
            each["cause"] = None
    (tmp_path / "out" / "matrix.json").write_text(json.dumps(matrix))
    assert main(why) == 2
    assert "the files here: without the probes of 'mine' that out has (name their folder with --probes)" in (
        capsys.readouterr().err
    )

    plan = ["plan", *cells, "--probes", "mine", "-k", "mine", "--option=--trace=never", "--option=--no-experiments"]
    assert main([*plan, "--results", "parts", "--out", "plan.json"]) == 0
    for shard in json.loads(Path("plan.json").read_text())["shards"]:
        assert subprocess.run([sys.executable, "-m", *shard["command"]], stdout=subprocess.DEVNULL).returncode == 0
    assert main(["merge", "parts", "--plan", "plan.json", "--out", "merged"]) == 1
    merged = results("merged")
    assert outcomes(merged) == {
        ("local", "mine/test_clients.py::test_old_clients_are_served"): "passed",
        ("local", "mine/test_clients.py::test_name"): "passed",
        ("local-v6only", "mine/test_clients.py::test_old_clients_are_served"): "failed",
        ("local-v6only", "mine/test_clients.py::test_name"): "passed",
    }
    assert list(merged["identity"]["probes"]) == ["mine"]


def test_a_module_that_is_not_there_is_said_and_the_rest_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    """It is here, in the environment of anyunix, and not on the platform."""
    Path("mine").mkdir()
    Path("mine/test_all.py").write_text(LACKING)
    Path("mine/test_some.py").write_text(
        "def test_later(server):\n    import requests\n\n\ndef test_served(server):\n    server.serve()\n"
    )
    run = ["run", "--subject", str(EXAMPLE / "notes.yaml"), "--platform", "local", "--probes", "mine", "-k", "mine"]
    assert main([*run, "--out", "out"]) == 0
    probes = {name: probe for (_, name), probe in probes_in(results("out")).items()}
    assert {name: probe["outcome"] for name, probe in probes.items()} == {
        "mine/test_all.py::TestAll::test_over_http": "skipped",
        "mine/test_all.py::test_version": "skipped",
        "mine/test_some.py::test_later": "skipped",
        "mine/test_some.py::test_served": "passed",
    }
    assert probes["mine/test_all.py::test_version"]["kind"] == "fact"
    for name in ("test_all.py::test_version", "test_some.py::test_later"):
        assert probes[f"mine/{name}"]["message"].startswith("not tried: No module named 'requests': here are Python's")


def test_in_a_container(engine: Engine) -> None:
    """The folder's own helpers and conftest.py are there, too."""
    run = ["run", "--subject", str(EXAMPLE / "notes-1.2.yaml"), "--platform", "alpine", "--probes", str(NOTES)]
    assert main([*run, "-k", "notes", "--out", "out"]) == 1
    found = outcomes(results("out"))
    assert found.pop(("alpine", OLD_BUG)) == "failed"
    assert set(found.values()) == {"passed"} and len(found) == 3


def test_what_cannot_be_collected_is_one_line_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    Path("mine/test_a.py").write_text("def test_a(server)\n    pass\n")
    assert main(["run", "--subject", str(ECHO), "--platform", "local", "--probes", "mine", "--out", "out"]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and "SyntaxError: expected ':'" in said.err and said.out == ""
    assert not Path("out").exists()
