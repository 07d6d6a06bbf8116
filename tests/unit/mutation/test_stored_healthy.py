"""Healthy servers' results out of an earlier run: whole ones, and of the same suite and subjects only."""

from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.local import LocalOptions
from anyunix.errors import ConfigurationError
from anyunix.mutation.stored_healthy import StoredHealthy, read_healthy
from anyunix.results.matrix_file import encode
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe
from anyunix.run.cell import Cell
from anyunix.run.identity import identity_of
from tiny_catalog import GREETS, LISTENS

COLOUR = "group/test_probes_facts.py::test_platform"
FACTS = {"colour": COLOUR}


@pytest.fixture
def matrix(tiny: Catalog) -> Matrix:
    kept = CellResult("tiny", "local", "default", "ran", probes=(Probe(GREETS, "contract", "passed"),))
    here = PlatformResult("local", "", "local", "ran", facts={"colour": "blue"})
    return Matrix((here,), (kept,), "local", identity=identity_of(tiny.suite, [tiny.subject("tiny")]))


def cell(tiny: Catalog) -> Cell:
    return Cell(tiny.subject("tiny"), Platform("local", "", LocalOptions()), "default")


def test_a_result_with_all_that_is_wanted_stands_for_a_run(tiny: Catalog, matrix: Matrix) -> None:
    stored = StoredHealthy(matrix)
    found = stored.result(cell(tiny), (GREETS, COLOUR), FACTS)
    assert found is not None
    assert [probe.id for probe in found.probes] == [GREETS]
    assert stored.facts == {"local": {"colour": "blue"}}


def test_one_that_lacks_something_does_not(tiny: Catalog, matrix: Matrix) -> None:
    stored = StoredHealthy(matrix)
    assert stored.result(cell(tiny), (GREETS, LISTENS), FACTS) is None
    assert stored.result(cell(tiny), (GREETS, COLOUR), {"size": COLOUR}) is None
    assert stored.result(replace(cell(tiny), bind="ipv4"), (GREETS,), FACTS) is None
    broke = replace(matrix, cells=(replace(matrix.cells[0], status="error"),))
    assert StoredHealthy(broke).result(cell(tiny), (GREETS,), FACTS) is None


def test_one_of_another_subject_is_an_error(tiny: Catalog, matrix: Matrix, tmp_path: Path) -> None:
    path = tmp_path / "matrix.json"
    path.write_bytes(encode(matrix))
    read_healthy(path, tiny.suite, [tiny.subject("tiny")])
    (tiny.root / "chat" / "server.py").write_text("another one")
    with pytest.raises(ConfigurationError, match="another subject tiny than in"):
        read_healthy(path, tiny.suite, [tiny.subject("tiny")])
