"""Facts that could explain a failure and were left out of the run, by -k for one: measured after it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from anyunix.analysis.explain import explainable
from anyunix.catalog.probes import who_measures
from anyunix.results.model import PLAIN, CellResult, Matrix
from anyunix.results.shared_facts import has_no_facts_of_its_own
from anyunix.run.cell import Cell, SuiteOptions

RunCells = Callable[[Sequence[Cell]], Sequence[CellResult]]
"""Runs cells; their results in the same order."""


def with_facts(matrix: Matrix, cells: Iterable[Cell], suite: Path, run: RunCells) -> Matrix:
    """The matrix with what failed contracts name in explained_by, measured here and on the reference.

    A fact whose probe ran and did not bring it (it was left out there, or it failed) is not asked for again.
    """
    missing = _missing(matrix, suite)
    ran = {cell.key for cell in matrix.cells if cell.status == "ran" and cell.build == PLAIN}
    by_platform = {cell.platform.name: cell for cell in cells if cell.key in ran}
    again = [replace(by_platform[name], probes=probes) for name, probes in missing.items() if name in by_platform]
    brought = {cell.key: result for cell, result in zip(again, run(again) if again else (), strict=True)}
    return replace(
        matrix,
        cells=tuple(_added(cell, brought.get(cell.key)) for cell in matrix.cells),
        platforms=tuple(
            replace(platform, facts={**_facts(brought.values(), platform.name), **platform.facts})
            for platform in matrix.platforms
        ),
    )


def with_lost_facts(
    results: Sequence[CellResult], cells: Sequence[Cell], options: SuiteOptions, run: RunCells
) -> list[CellResult]:
    """The results, on each platform one of them with the facts, where the cell that was to measure them broke."""
    planned = options.plans.begin(options.suite, options.expression).result()
    facts = tuple(probe for probe in planned if probe.partition("[")[0] in options.plans.facts(options.suite))
    have = {result.platform for result in results if result.facts}
    lost = {
        cell.platform.name: cell
        for cell, result in zip(cells, results, strict=True)
        if facts and has_no_facts_of_its_own(result) and result.platform not in have
    }
    again = [replace(cell, probes=facts) for cell in lost.values()]
    brought = {cell.key: result.probes for cell, result in zip(again, run(again) if again else (), strict=True)}
    return [replace(result, probes=(*result.probes, *brought.get(result.key, ()))) for result in results]


def _missing(matrix: Matrix, suite: Path) -> dict[str, tuple[str, ...]]:
    """Platform -> the probes that measure what it lacks."""
    lacking = [
        (name, fact)
        for cell in matrix.cells
        for probe, _ in explainable(matrix, cell)
        for fact in probe.explained_by
        for name in (cell.platform, matrix.reference)
        if fact not in _known(matrix, name)
    ]
    probes = who_measures(suite, {fact for _, fact in lacking})
    found: dict[str, dict[str, None]] = {}
    for name, fact in lacking:
        if fact in probes and not _tried(matrix, name, probes[fact]):
            found.setdefault(name, {})[probes[fact]] = None
    return {name: tuple(wanted) for name, wanted in found.items()}


def _known(matrix: Matrix, name: str) -> set[str]:
    platform = matrix.platform(name)
    return {*platform.facts, *platform.unstable} if platform else set()


def _tried(matrix: Matrix, name: str, probe: str) -> bool:
    return any(
        each.id.partition("[")[0] == probe for cell in matrix.cells if cell.platform == name for each in cell.probes
    )


def _added(cell: CellResult, more: CellResult | None) -> CellResult:
    """With the probes of the facts, which say how to tell them."""
    if more is None or more.status != "ran":
        return cell
    known = {probe.id for probe in cell.probes}
    return replace(
        cell, probes=(*cell.probes, *(probe for probe in more.probes if probe.kind == "fact" and probe.id not in known))
    )


def _facts(results: Iterable[CellResult], platform: str) -> Mapping[str, object]:
    return {
        name: value
        for result in results
        if result.platform == platform and result.status == "ran"
        for name, value in result.facts.items()
    }
