"""How a program is built is found out by building it, from sources alone."""

import shutil
from pathlib import Path

import pytest

from anyunix.catalog.starting import Ready
from anyunix.catalog.subjects import Subject
from anyunix.discover.own_build import compiled, find_build, with_own_build

PROGRAM = "int main(void) { return 0; }\n"
pytestmark = pytest.mark.skipif(not (shutil.which("cc") and shutil.which("make")), reason="no cc and make here")


@pytest.fixture
def built(tmp_path: Path) -> Subject:
    """A folder with something that looks like a program that was built there."""
    (tmp_path / "served").write_bytes(b"\x7fELF and so on")
    (tmp_path / "notes.txt").write_text("nothing to build from\n")
    return Subject(
        name="mine",
        title="mine",
        folder=tmp_path,
        files=("served", "notes.txt"),
        start=("./served", "{port}"),
        binds={"default": ()},
        ready=Ready("port"),
    )


def test_a_makefile_builds_it_and_its_sources_travel(built: Subject) -> None:
    (built.folder / "lib").mkdir()
    (built.folder / "lib" / "main.c").write_text(PROGRAM)
    (built.folder / "docs").mkdir()
    (built.folder / "docs" / "served.1").write_text("a manual\n")
    (built.folder / "Makefile").write_text("served: lib/main.c\n\t$(CC) -o served lib/main.c\n")
    found = with_own_build(built)
    assert found.files == ("Makefile", "lib", "notes.txt")
    assert (found.needs, found.build) == (("cc", "make"), ("make", "-s", "served"))
    assert (built.folder / "served").read_bytes() == b"\x7fELF and so on"


def test_makes_own_rules_build_it_from_one_file(built: Subject) -> None:
    (built.folder / "served.c").write_text(PROGRAM)
    assert with_own_build(built).build == ("make", "-s", "served")


def test_a_makefile_that_does_not_know_the_program_by_its_path(built: Subject) -> None:
    (built.folder / "main.c").write_text(PROGRAM)
    (built.folder / "Makefile").write_text("all:\n\t$(CC) -o $(CURDIR)/served main.c\n.SUFFIXES:\n")
    assert with_own_build(built).build == ("make", "-s")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"Makefile": "served:\n\tfalse\n"},
        {"Makefile": "served:\n\ttouch served\n"},
        {"served.c": "no C\n"},
        {"Makefile": "served: served.c missing.h\n\t$(CC) -o served served.c\n", "served.c": PROGRAM},
    ],
)
def test_what_does_not_build_from_what_lies_there_stays_a_program(built: Subject, files: dict[str, str]) -> None:
    for name, text in files.items():
        (built.folder / name).write_text(text)
    assert with_own_build(built) is built
    assert compiled(built) == ["served"]


def test_a_script_is_not_built(built: Subject) -> None:
    (built.folder / "served").write_text("#!/bin/sh\n")
    (built.folder / "served.c").write_text(PROGRAM)
    assert with_own_build(built) is built


def test_a_large_tree_is_not_taken_along(built: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anyunix.discover.own_build.MOST", 2)
    (built.folder / "big").mkdir()
    for number in range(3):
        (built.folder / "big" / f"{number}.txt").touch()
    (built.folder / "big" / "z.c").touch()
    (built.folder / "served.c").write_text(PROGRAM)
    found = find_build(built, "served")
    assert found
    assert found.files == ("served.c",)
