"""The file that `anyunix init` writes, with the server in it, runs as it is."""

import re
from pathlib import Path

import pytest

from anyunix.cli import main


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "my.yaml"]) == 0
    assert capsys.readouterr().out == ("my.yaml: written; try it: anyunix run --subject ./my.yaml --platform local\n")
    return tmp_path / "my.yaml"


def test_its_server_keeps_every_contract_about_any_server(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["run", "--subject", "./my.yaml", "--platform", "local", "-k", "any_server", "--out", "out"])
    said = capsys.readouterr().out
    assert status == 0, said
    assert re.search(r"^  kept all \d+ contracts on local; nothing to compare with$", said, re.MULTILINE)
