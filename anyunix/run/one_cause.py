"""One failure of an earlier run: which one is meant, and an experiment on it now where none was made then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anyunix.analysis.explain import explain
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Driver
from anyunix.errors import ConfigurationError
from anyunix.results.model import CellResult, Matrix, Probe
from anyunix.run.causes import EXPERIMENT_SECONDS, with_causes
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.identity import common_identity, identity_of
from anyunix.run.matrix import NOBODY, Watcher
from anyunix.run.pool import LocalPool
from anyunix.text import nearest

JOBS = 2
"""An experiment asks for no more at a time."""
SHOWN = 12
"""Names that an error lists."""


@dataclass(frozen=True)
class Question:
    """Why does this contract fail in this cell?"""

    results: Path
    """The folder of a run, or its matrix.json."""
    cell: str
    """`freebsd-c-first`"""
    probe: str
    """Its ID, its name, or a part of these that no other failure of the cell has."""
    subject: str = ""
    """The subject's file, where it is none of the project's."""
    reference: str = ""
    """The reference's platform file, likewise."""
    seconds: float = EXPERIMENT_SECONDS


def asked_of(matrix: Matrix, question: Question) -> tuple[CellResult, Probe]:
    """The failure that is meant. Raises ConfigurationError that names those there are."""
    cells = {cell.key: cell for cell in matrix.cells}
    cell = cells.get(question.cell)
    if cell is None:
        broken = [key for key, each in cells.items() if each.failures] or list(cells)
        raise ConfigurationError(
            f"{question.results}: no cell is called {question.cell!r}{nearest(question.cell, cells)}; "
            f"with failures: {_few(broken)}"
        )
    failures = [probe for probe in cell.failures if question.probe in (probe.id, probe.name)]
    failures = failures or [probe for probe in cell.failures if question.probe in probe.id]
    if len(failures) == 1:
        return cell, failures[0]
    if failures:
        raise ConfigurationError(
            f"{question.probe!r} is part of {len(failures)} failures of {cell.key}: {_few([p.name for p in failures])}"
        )
    raise ConfigurationError(_no_such_failure(matrix, cell, question.probe))


def with_cause(
    matrix: Matrix,
    question: Question,
    catalog: Catalog,
    *,
    watcher: Watcher = NOBODY,
    make_driver: Callable[[Platform], Driver] | None = None,
) -> Matrix:
    """The matrix with the cause of the failure, from an experiment that is made now unless one found it in the run.

    Raises ConfigurationError where the reference's platform, the subject or the suite is not what it was in the run.
    """
    cell, probe = asked_of(matrix, question)
    if matrix.reference_of(cell) in (None, cell) or (probe.cause is not None and probe.cause.found):
        return matrix
    subject = catalog.subject(question.subject or cell.subject)
    platform = catalog.platform(question.reference or matrix.reference)
    if (subject.name, platform.name) != (cell.subject, matrix.reference):
        raise ConfigurationError(
            f"{question.results} is of subject {cell.subject} and has {matrix.reference} as its reference; "
            f"found subject {subject.name} and platform {platform.name}"
        )
    here = identity_of(catalog.suite, [subject])
    common_identity(
        [(str(question.results), matrix.identity), ("the files here", here)], "make no experiment; run again"
    )
    suite = SuiteOptions(catalog.suite)

    def run(cells: Sequence[Cell], times: int, seconds: float) -> list[CellResult]:
        how = replace(suite, repeat=times, seconds=max(seconds, 1.0))
        return pool.run(cells, how, watcher=watcher)

    with suite.cross_builds, LocalPool(JOBS, make_driver) as pool:
        return explain(
            with_causes(
                matrix,
                [Cell(subject, platform, cell.bind)],
                catalog.differences,
                run,
                question.seconds,
                only=(cell.key, probe.id),
            )
        )


def _no_such_failure(matrix: Matrix, cell: CellResult, wanted: str) -> str:
    names = [probe.name for probe in cell.failures]
    kept = [probe.name for probe in cell.contracts if not probe.bad and wanted in (probe.id, probe.name)]
    if cell.status != "ran":
        return f"{cell.key} did not run: {cell.reason}"
    if not names:
        return f"{cell.key}: every contract that was tried is kept"
    if kept:
        return f"{cell.key}: {kept[0]} does not fail there; what does: {_few(names)}"
    return f"{cell.key}: no failure is called {wanted!r}{nearest(wanted, names)}; what fails: {_few(names)}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
