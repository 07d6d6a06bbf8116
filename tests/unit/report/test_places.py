"""Annotations stand beside a user's own files, wherever his repository has them."""

from pathlib import Path

import pytest

from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import Subject
from anyunix.report.github import annotations
from anyunix.report.places import place_of
from anyunix.results.model import CellResult, Matrix, Probe

FILE = """\
title: mine
files: [src, run.sh]
start: [./run.sh, "{port}"]
ready: {port: true}
talk: {send: "", expect: "^hello$"}
promises:
  ipv6: false
  sigint: slow
"""


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    (tmp_path / "test" / "src" / "deep").mkdir(parents=True)
    for name in ("src/wakeup.c", "src/main.c", "src/deep/main.c", "run.sh"):
        (tmp_path / "test" / name).write_text("x\n")
    (tmp_path / "test" / "mine.yaml").write_text(FILE)
    return read_subject(tmp_path / "test" / "mine.yaml")


def probe(**more: object) -> Probe:
    return Probe("binding/test_x.py::test_it", "contract", "failed", "E   no", line=7, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failure", "place"),
    [
        (probe(culprit="wakeup.c:33 in dispose: points to uninitialised bytes"), ("test/src/wakeup.c", 33)),
        (probe(culprit="main.c:3 in main: of which there are two"), ("test/mine.yaml", 3)),
        (probe(promises=("sigint",)), ("test/mine.yaml", 8)),
        (probe(promises=("ipv4",)), ("test/mine.yaml", 6)),  # where it is to be written
        (probe(), ("test/mine.yaml", 3)),
    ],
)
def test_a_failure_belongs_to_a_line_of_the_users(
    subject: Subject, tmp_path: Path, failure: Probe, place: tuple[str, int]
) -> None:
    assert place_of(failure, subject, tmp_path) == place


def test_a_subject_that_is_elsewhere_or_gone_has_no_place(subject: Subject, tmp_path: Path) -> None:
    assert place_of(probe(), subject, tmp_path / "other") is None
    (tmp_path / "test" / "mine.yaml").unlink()
    assert place_of(probe(), subject, tmp_path) is None


def test_annotations_name_the_file_of_the_subject_else_that_of_the_probe(subject: Subject, tmp_path: Path) -> None:
    cells = (CellResult("mine", "debian", "default", "ran", probes=(probe(),)),)
    (line,) = annotations(Matrix((), cells, "debian"), {"mine": subject}, tmp_path)
    assert line.startswith("::error file=test/mine.yaml,line=3,title=")
    (line,) = annotations(Matrix((), cells, "debian"), {"other": subject}, tmp_path)
    assert line.startswith("::error file=suite/binding/test_x.py,line=7,title=")
