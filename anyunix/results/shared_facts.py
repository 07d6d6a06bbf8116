"""Facts are the platform's: one of its cells measures them, all of its cells have them, and a file has them once."""

from collections.abc import Sequence
from dataclasses import replace

from anyunix.results.model import ONLY_WHEN_BROKEN, PLAIN, CellResult, Matrix, Probe


def facts_by_platform(cells: Sequence[CellResult]) -> dict[str, tuple[Probe, ...]]:
    """Platform -> the probes of its facts: those of the cell that brought the most."""
    found: dict[str, tuple[Probe, ...]] = {}
    for cell in cells:
        if cell.status == "ran" and len(facts := _facts(cell)) > len(found.get(cell.platform, ())):
            found[cell.platform] = facts
    return found


def with_facts_of_platforms(cells: Sequence[CellResult], facts: dict[str, tuple[Probe, ...]]) -> tuple[CellResult, ...]:
    """The cells, contracts first; those that had nothing to measure with what another one on their platform did."""

    def of(cell: CellResult) -> tuple[Probe, ...]:
        return facts.get(cell.platform, ()) if has_no_facts_of_its_own(cell) else _facts(cell)

    return tuple(replace(cell, probes=(*cell.contracts, *of(cell))) for cell in cells)


def written_once(matrix: Matrix) -> Matrix:
    """The matrix for a file: what is the same in all cells of a platform is the platform's alone."""
    facts = {platform.name: platform.probes for platform in matrix.platforms}

    def stripped(cell: CellResult) -> CellResult:
        rest = replace(cell, probes=cell.contracts)
        return rest if has_no_facts_of_its_own(rest) and _facts(cell) == facts.get(cell.platform, ()) else cell

    return replace(matrix, cells=tuple(map(stripped, matrix.cells)))


def read_again(matrix: Matrix) -> Matrix:
    """The opposite of `written_once`; what has the facts in each cell stays as it is."""
    facts = {platform.name: platform.probes for platform in matrix.platforms}
    return replace(matrix, cells=with_facts_of_platforms(matrix.cells, facts))


def has_no_facts_of_its_own(cell: CellResult) -> bool:
    """Whether a cell has those of its platform: it ran, held contracts against the subject, and measured nothing."""
    broken = any(probe.id in ONLY_WHEN_BROKEN for probe in cell.probes)
    return cell.status == "ran" and cell.build == PLAIN and not broken and not _facts(cell)


def _facts(cell: CellResult) -> tuple[Probe, ...]:
    return tuple(probe for probe in cell.probes if probe.kind == "fact")
