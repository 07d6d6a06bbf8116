"""A run without the command line: who is told, what is kept, and the judged matrix at the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from anyunix.analysis.verdict import exit_status
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import FILE, encode
from anyunix.results.model import Artifacts, CellResult, Matrix, PlatformResult
from anyunix.run import Choice, RunOptions, Selection, run_matrix, select
from anyunix.run.cell import Cell
from anyunix.run.growing import NOT_ENDED
from anyunix.run.pipeline import read_baseline

PROBES = '''\
def test_kept(server):
    """It starts."""


def test_broken(server):
    """It never is."""
    assert False


def test_fact(fact):
    """One fact."""
    fact("a.b", 1)
'''


@dataclass
class Recorder:
    """A watcher and a keeper that remembers."""

    told: list[str] = field(default_factory=list)
    kept: dict[str, Artifacts] = field(default_factory=dict)
    matrices: list[Matrix] = field(default_factory=list)

    def begins(self, cells: Sequence[Cell]) -> None:
        """Nobody counts."""

    def says(self, cell: Cell, text: str) -> None:
        self.told.append(text)

    def done(self, cell: Cell, result: CellResult) -> None:
        self.told.append(f"{cell.name} {result.status}")

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        self.kept[result.key] = artifacts

    def write_matrix(self, matrix: Matrix) -> None:
        self.matrices.append(matrix)


@pytest.fixture
def selection(subject: Subject, local: Platform, make_suite: Callable[[str], Path]) -> Selection:
    """The tiny server on this machine, with a suite of two contracts and a fact."""
    suite = make_suite(PROBES)
    return Selection(Catalog(suite.parent), (subject,), (local,), (Cell(subject, local, "default"),), ("local",))


def test_a_run_is_watched_kept_and_judged(selection: Selection) -> None:
    recorder = Recorder()
    matrix = run_matrix(selection, watcher=recorder, keeper=recorder)
    assert "starting the platform" in recorder.told
    assert recorder.told[-1] == "local tiny default ran"
    assert recorder.kept["local-tiny-default"].junit[0].startswith(b"<?xml")
    first, last = recorder.matrices
    assert [cell.reason for cell in first.cells] == [NOT_ENDED]
    assert [cell.status for cell in last.cells] == ["ran"]
    assert (first.verdicts, last.verdicts) == ((), ())
    assert [(verdict.verdict, verdict.broken_promises) for verdict in matrix.verdicts] == [
        ("promises broken", ("group/test_probes.py::test_broken",))
    ]
    assert matrix.platforms[0].facts == {"a.b": 1}
    assert (matrix.reference, matrix.required, matrix.part) == ("local", ("local",), "")
    assert exit_status(matrix) == 1


def test_a_part_is_told_and_nobody_has_to_watch_or_keep(selection: Selection) -> None:
    part = replace(selection, part="--subject tiny")
    matrix = run_matrix(part, RunOptions("kept or broken and not fact", repeat=2, trace="never"))
    assert matrix.part == "2 of 3 probes, --subject tiny, -k 'kept or broken and not fact'"
    assert [dict(probe.counts) for probe in matrix.cells[0].probes] == [{"passed": 2}, {"failed": 2}]


def test_a_driver_of_ones_own_that_is_not_there_is_no_answer(selection: Selection) -> None:
    class Away(LocalDriver):
        def available(self) -> str | None:
            return "it is Sunday"

    matrix = run_matrix(selection, make_driver=lambda platform: Away())
    assert matrix.verdicts[0].because == ("local did not answer: it is Sunday",)
    assert exit_status(matrix) == 3


def test_a_platform_of_the_baseline_that_did_not_run_is_named(selection: Selection, tmp_path: Path) -> None:
    earlier = run_matrix(selection, RunOptions("fact"))
    earlier = replace(earlier, platforms=(*earlier.platforms, PlatformResult("bsd", "BSD", "ssh", "ran")))
    (tmp_path / FILE).write_bytes(encode(earlier))
    baseline = read_baseline(tmp_path, selection.catalog, selection.subjects)
    assert run_matrix(selection, RunOptions("fact", baseline=baseline)).dropped == ("bsd",)
    (selection.catalog.suite / "group" / "test_more.py").write_text("")
    with pytest.raises(ConfigurationError, match="another suite than in"):
        read_baseline(tmp_path, selection.catalog, selection.subjects)


def test_a_choice_is_looked_up_before_anything_starts(catalog: Catalog) -> None:
    found = select(Choice(("c", "python", "c"), ("local",), ("ipv4",), optional=("debian",)), catalog)
    assert [cell.name for cell in found.cells] == [
        f"{platform} {subject} ipv4" for subject in ("c", "python") for platform in ("local", "debian")
    ]
    assert (found.required, found.left_out, found.part) == (("local",), (), "")
    some = select(Choice(cells=(("python", "local", "dual"),), shard="2/3", required=("local",)), catalog)
    assert (some.shard, some.required, some.part) == ("2/3", ("local",), "")


def test_poisoned_builds_are_more_cells_of_what_is_built(catalog: Catalog) -> None:
    found = select(Choice(platforms=("local",), poisoned=True), catalog)
    assert [cell.name for cell in found.cells] == ["local c dual", "local python dual", "local c dual poisoned"]
    assert all("contracts.py::" in probe for probe in found.cells[-1].probes)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(("c",), ("local",), ("frist",)), "--bind frist: subject c has no such mode; it has dual"),
        (Choice(("c",), ("local",), reference="debian"), "--reference debian: not among the platforms of this run"),
        (Choice(("python",), ("local",), poisoned=True), "--poisoned: python: nothing is built"),
        (Choice(("c",), cells=(("c", "local", "dual"),)), "--cell says it all"),
        (Choice(cells=(("c", "local", "dual"),), required=("debian",)), "--require debian: no --cell is on it"),
    ],
)
def test_what_cannot_be_chosen_is_said_with_the_option(catalog: Catalog, choice: Choice, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        select(choice, catalog)
