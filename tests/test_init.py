"""`anyunix init`: the file that it writes runs as it is, and is never written over another."""

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import PROMISES
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


def test_what_its_comments_offer_can_be_taken(written: Path, catalog: Catalog) -> None:
    """Each promise is named; all keys in comments are read when the comment signs are taken away."""
    text = written.read_text()
    assert all(f"{promise}:" in text for promise in PROMISES)
    optional = ("needs", "build", "environment", "pass_env", "bind")
    lines = [
        line[2:]
        if line.startswith(tuple(f"# {key}:" for key in optional))
        or line.startswith("#   dual:")
        or line.startswith("#   ipv4: [")
        else line
        for line in text.splitlines()
    ]
    written.write_text("\n".join(lines))
    subject = catalog.subject(str(written))
    assert (subject.needs, subject.build) == (("cc", "make"), ("make", "-s"))
    assert subject.pass_env == ("DATABASE_URL",)
    assert (dict(subject.environment), list(subject.binds)) == ({"PORT": "{port}"}, ["dual", "ipv4"])
    assert yaml.safe_load(text)["talk"] == {"send": "", "expect": "^hello$"}


def test_editors_find_the_schema_that_its_first_line_names(written: Path) -> None:
    """It lies beside the file, so that it is found without a network, and wherever the folder goes."""
    first, _, rest = written.read_text().partition("\n")
    assert first == "# yaml-language-server: $schema=.anyunix/subject.schema.json"
    validator = Draft202012Validator(json.loads((written.parent / first.partition("=")[2]).read_text()))
    assert validator.is_valid(yaml.safe_load(rest))
    assert not validator.is_valid({**yaml.safe_load(rest), "tilte": "x"})


def test_a_schema_that_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".anyunix").write_text("")
    assert main(["init"]) == 2
    assert ".anyunix/subject.schema.json: cannot be written: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my.yaml", "my.yaml is there already: it is left as it is"),
        ("my.txt", "a subject file is called NAME.yaml"),
        ("no/such/my.yaml", "no/such/my.yaml: cannot be written: No such file or directory"),
    ],
)
def test_it_says_why_it_does_not_write(written: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = written.read_text()
    assert main(["init", name]) == 2
    assert said in capsys.readouterr().err
    assert written.read_text() == before
