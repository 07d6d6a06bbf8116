"""--json: a document with the number of its schema, and nothing else on stdout, whatever the answer is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anyunix.cli import main
from anyunix.results.matrix_file import encode
from anyunix.results.model import Identity
from anyunix.text import UNSAFE
from example_matrix import example


@pytest.fixture
def run(tmp_path: Path) -> str:
    (tmp_path / "matrix.json").write_bytes(encode(replace(example(), identity=Identity("1", "2", {}))))
    return str(tmp_path)


def document(capsys: pytest.CaptureFixture[str], *command: str) -> dict[str, Any]:
    assert main(list(command)) == 0
    printed = capsys.readouterr().out
    assert not UNSAFE.search(printed)
    read: dict[str, Any] = json.loads(printed)
    assert read["schema"] == 1
    return read


def test_report_is_the_matrix(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    read = document(capsys, "report", run, "--json")
    assert read == json.loads(Path(run, "matrix.json").read_text())


def test_facts(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    read = document(capsys, "facts", "--out", run, "--json")
    assert read["reference"] == example().reference
    assert {each["name"]: each["facts"] for each in read["platforms"]} == {
        each.name: dict(each.facts) for each in example().platforms if each.status == "ran"
    }
    assert "differences" not in read
    assert "differences" in document(capsys, "facts", "--out", run, "--diff", "--json")


def test_diff(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    read = document(capsys, "diff", run, run, "--json")
    assert (read["worse"], read["verdicts"]) == (False, [])
    assert {each["group"] for each in read["contracts"]} <= {"still failing"}


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    platforms = document(capsys, "list", "platforms", "local", "netbsd", "--json")["platforms"]
    assert [each["name"] for each in platforms] == ["local", "netbsd"]
    assert [each["available"] for each in platforms] == [True, False]
    assert {"c", "python"} <= {each["name"] for each in document(capsys, "list", "subjects", "--json")["subjects"]}
    assert document(capsys, "list", "probes", "--json")["probes"][0]["behaviour"]
