"""Outcomes of healthy servers, and facts of platforms, out of an earlier run: they need not be found out again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from anyunix.catalog.subjects import Subject
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import CellResult, Matrix
from anyunix.run.cell import Cell
from anyunix.run.identity import common_identity, identity_of

CONSEQUENCE = "do not stand for healthy servers; `anyunix run` makes new ones"


class StoredHealthy:
    """A matrix of the same suite and the same subjects."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix

    @property
    def facts(self) -> dict[str, Mapping[str, Any]]:
        """Platform -> fact -> its value."""
        return {platform.name: platform.facts for platform in self._matrix.platforms if platform.status == "ran"}

    def result(self, cell: Cell, probes: Sequence[str], facts: Mapping[str, str]) -> CellResult | None:
        """The healthy server's result for these probes; None where it did not run, or one of them is not there.

        `facts`: fact -> the probe that measures it.
        """
        stored = self._matrix.cell(cell.result("ran").id)
        if stored is None or stored.status != "ran":
            return None
        known = self.facts.get(cell.platform.name, {})
        here = {probe.id for probe in stored.contracts}
        measured = set(facts.values()) - {probe for fact, probe in facts.items() if fact not in known}
        if any(probe not in here and probe.partition("[")[0] not in measured for probe in probes):
            return None
        wanted = set(probes)
        return replace(stored, probes=tuple(probe for probe in stored.probes if probe.id in wanted))


def read_healthy(path: Path, suite: Path, subjects: Iterable[Subject]) -> StoredHealthy:
    """From a run's folder or its matrix.json. Raises ConfigurationError, also for one of another suite or subject."""
    matrix = read_matrix(path)
    common_identity([(str(path), matrix.identity), ("this checkout", identity_of(suite, subjects))], CONSEQUENCE)
    return StoredHealthy(matrix)
