"""Facts in a file once for each platform, and in every cell that has none of its own when it is read again."""

from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.results.matrix_file import encode, read_matrix
from anyunix.results.model import BUILDS, CellResult, Matrix, PlatformResult, Probe
from anyunix.results.shared_facts import facts_by_platform, with_facts_of_platforms

FACT = Probe("binding/test_a_facts.py::test_a", "fact", "passed", facts={"a.b": 1}, seconds=0.25)
OTHER = replace(FACT, id="binding/test_b_facts.py::test_b", facts={"b.c": [1, 2]})
CONTRACT = Probe("binding/test_c_contracts.py::test_c", "contract", "passed")


def cell(subject: str, *probes: Probe, **changed: object) -> CellResult:
    return replace(CellResult(subject, "local", "dual", "ran", probes=probes), **changed)  # type: ignore[arg-type]


def matrix_of(*cells: CellResult) -> Matrix:
    facts = facts_by_platform(cells)
    platform = PlatformResult("local", "this machine", "local", "ran", probes=facts.get("local", ()))
    return Matrix((platform,), with_facts_of_platforms(cells, facts), "local")


def test_all_cells_of_a_platform_have_what_one_of_them_measured() -> None:
    matrix = matrix_of(cell("c", FACT, CONTRACT, OTHER), cell("python", CONTRACT))
    assert [each.probes for each in matrix.cells] == [(CONTRACT, FACT, OTHER)] * 2


def test_a_file_has_them_once_and_is_read_again_as_it_was(tmp_path: Path) -> None:
    matrix = matrix_of(cell("c", FACT, CONTRACT, OTHER), cell("python", CONTRACT), cell("third", CONTRACT))
    data = encode(matrix)
    assert data.count(FACT.id.encode()) == 1
    (tmp_path / "matrix.json").write_bytes(data)
    assert read_matrix(tmp_path) == matrix


@pytest.mark.parametrize(
    "other",
    [
        cell("python", status="error", reason="lost"),
        cell("python", status="not-run", reason="no engine"),
        cell("python", replace(CONTRACT, id=BUILDS, outcome="failed")),
        cell("python", CONTRACT, build="poisoned"),
        cell("python", replace(FACT, facts={"a.b": 2}), CONTRACT),
    ],
    ids=["broke", "did not run", "does not build", "another build", "measured something else"],
)
def test_a_cell_that_has_its_own_or_held_no_contract_is_left_as_it_is(tmp_path: Path, other: CellResult) -> None:
    matrix = matrix_of(cell("c", CONTRACT, FACT, OTHER), other)
    assert [probe.id for probe in matrix.cells[1].probes] == sorted((p.id for p in other.probes), reverse=True)
    (tmp_path / "matrix.json").write_bytes(encode(matrix))
    assert read_matrix(tmp_path) == matrix


def test_the_cell_that_brought_the_most_measured() -> None:
    assert facts_by_platform([cell("c", FACT), cell("python", FACT, OTHER)])["local"] == (FACT, OTHER)
