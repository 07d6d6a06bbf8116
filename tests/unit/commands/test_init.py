"""`anyunix init`: the file that it writes runs as it is, and is never written over another."""

from pathlib import Path

import pytest
import yaml

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import PROMISES
from anyunix.cli import main


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "my.yaml"]) == 0
    assert capsys.readouterr().out == ("my.yaml: written; try it: anyunix run --subject ./my.yaml --platform local\n")
    return tmp_path / "my.yaml"


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
