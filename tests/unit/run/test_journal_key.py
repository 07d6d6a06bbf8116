"""anyunix/run/journal_key.py: a key is another one where a result could be, and where nothing but a name is not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.builds import POISONED
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.vagrant.vagrant_driver import VagrantOptions
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.journal_key import JournalKeys


@pytest.fixture
def how(tmp_path: Path) -> SuiteOptions:
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_x.py").write_text("def test_x(): pass\n")
    return SuiteOptions(tmp_path / "suite")


@pytest.fixture
def cell(subject: Subject, local: Platform) -> Cell:
    return Cell(subject, local, "default")


def key(cell: Cell, how: SuiteOptions, environment: dict[str, str] | None = None) -> str:
    return JournalKeys(environment or {}).of([cell], how)[0]


CELLS: dict[str, Callable[[Cell], Cell]] = {
    "bind": lambda cell: replace(cell, bind="ipv4"),
    "build": lambda cell: replace(cell, build=POISONED),
    "flags": lambda cell: replace(cell, build=replace(cell.build, flags=("-O3",))),
    "probes": lambda cell: replace(cell, probes=("a/test_a.py::test_a",)),
    "tool": lambda cell: replace(cell, tool="trace"),
    "subject's name": lambda cell: replace(cell, subject=replace(cell.subject, name="other")),
    "start": lambda cell: replace(cell, subject=replace(cell.subject, start=("{python}", "server.py", "{port}", "-x"))),
    "promises": lambda cell: replace(cell, subject=replace(cell.subject, promises={"ipv6": False})),
    "where it can run": lambda cell: replace(cell, subject=replace(cell.subject, platforms=("alpine",))),
    "variables": lambda cell: replace(cell, subject=replace(cell.subject, pass_env=("LANG",))),
    "platform's name": lambda cell: replace(cell, platform=replace(cell.platform, name="other")),
    "slowness": lambda cell: replace(cell, platform=replace(cell.platform, slowness=2)),
    "emulator's limits": lambda cell: replace(cell, platform=replace(cell.platform, emulator_limits={"a": "b"})),
    "driver": lambda cell: replace(cell, platform=replace(cell.platform, options=docker(cell))),
}


def docker(cell: Cell) -> DockerOptions:
    return DockerOptions(dockerfile=str(cell.subject.folder / "Dockerfile"), base="debian:trixie-slim")


@pytest.mark.parametrize("change", CELLS.values(), ids=CELLS)
def test_another_cell_is_another_question(cell: Cell, how: SuiteOptions, change: Callable[[Cell], Cell]) -> None:
    assert key(change(cell), how) != key(cell, how)


HOW: dict[str, Callable[[SuiteOptions], SuiteOptions]] = {
    "expression": lambda how: replace(how, expression="ipv4"),
    "repeat": lambda how: replace(how, repeat=2),
    "probe_seconds": lambda how: replace(how, probe_seconds=5),
}


@pytest.mark.parametrize("change", HOW.values(), ids=HOW)
def test_another_way_to_run_is_another_question(
    cell: Cell, how: SuiteOptions, change: Callable[[SuiteOptions], SuiteOptions]
) -> None:
    assert key(cell, change(how)) != key(cell, how)


def test_another_file_of_the_suite_is_another_question(cell: Cell, how: SuiteOptions) -> None:
    before = key(cell, how)
    (how.suite / "test_x.py").write_text("def test_x(): assert True\n")
    assert key(cell, how) != before


def test_another_file_of_the_subject_is_another_question(cell: Cell, how: SuiteOptions) -> None:
    before = key(cell, how)
    (cell.subject.folder / "server.py").write_text("# another one\n")
    assert key(cell, how) != before


def test_what_a_platform_file_names_is_part_of_it(cell: Cell, how: SuiteOptions) -> None:
    file = cell.subject.folder / "Dockerfile"
    file.write_text("FROM debian\n")
    there = replace(cell, platform=replace(cell.platform, options=docker(cell)))
    before = key(there, how)
    assert key(there, how) == before
    file.write_text("FROM debian\nRUN true\n")
    assert key(there, how) != before


def test_what_is_switched_on_is_part_of_the_platform(
    cell: Cell, how: SuiteOptions, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "preload").mkdir()
    source = tmp_path / "preload" / "x.c"
    source.write_text("int x;\n")
    difference = replace(catalog.differences[0], sources=source.parent)
    there = replace(cell, platform=replace(cell.platform, switched_on=(difference,)))
    before = key(there, how)
    assert before != key(cell, how)
    source.write_text("int y;\n")
    assert key(there, how) != before


def test_a_box_that_the_user_names_instead_is_part_of_its_platform(cell: Cell, how: SuiteOptions) -> None:
    there = replace(cell, platform=replace(cell.platform, name="bsd", options=VagrantOptions("some/box")))
    before = key(there, how)
    assert key(there, how, {"ANYUNIX_BOX_OTHER": "x"}) == before
    assert key(there, how, {"ANYUNIX_BOX_BSD": "x"}) != before
    assert key(cell, how, {"ANYUNIX_BOX_LOCAL": "x"}) == key(cell, how), "it has no box"


SAME: dict[str, Callable[[Cell], Cell]] = {
    "titles": lambda cell: replace(
        cell, subject=replace(cell.subject, title="x"), platform=replace(cell.platform, title="x", last_run="today")
    ),
    "this run's folder": lambda cell: replace(cell, build=replace(cell.build, objects=cell.subject.folder)),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_names_and_folders_of_a_run_are_not_what_it_is_about(
    cell: Cell, how: SuiteOptions, change: Callable[[Cell], Cell]
) -> None:
    assert key(change(cell), how) == key(cell, how)


def test_the_same_files_elsewhere_are_the_same_subject(cell: Cell, how: SuiteOptions, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "server.py").write_bytes((cell.subject.folder / "server.py").read_bytes())
    assert key(replace(cell, subject=replace(cell.subject, folder=tmp_path / "moved")), how) == key(cell, how)


def test_how_much_time_was_left_does_not_decide_what_ran(cell: Cell, how: SuiteOptions) -> None:
    assert key(cell, replace(how, seconds=7.3, workers=1)) == key(cell, how)


def test_a_second_time_is_another_question_and_the_same_one_in_the_next_run(cell: Cell, how: SuiteOptions) -> None:
    other = replace(cell, bind="ipv4")
    keys, again = JournalKeys({}), JournalKeys({})
    first = [*keys.of([cell, other, cell], how), *keys.of([cell], how)]
    assert len(set(first)) == 4
    assert [*again.of([cell], how), *again.of([other], how), *again.of([cell, cell], how)] == first
