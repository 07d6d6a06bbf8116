"""The facts that are not the same everywhere, side by side; the others once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from anyunix.analysis.compare import FactDifference, compare, entries
from anyunix.report.page.sections import Row
from anyunix.report.page.shown import shown
from anyunix.results.model import Matrix, PlatformResult

Style = Literal["same", "differs", "unstable", "documented", "missing"]


@dataclass(frozen=True)
class FactCell:
    """What one platform says of a fact."""

    style: Style
    text: str
    source: str = ""
    """Where a documented value is written."""


@dataclass(frozen=True)
class FactRow:
    """One fact, or one entry of a fact that has several."""

    name: str
    cells: tuple[FactCell, ...]
    probe: Row | None
    """Who measured it, and can say the rule."""


@dataclass(frozen=True)
class Facts:
    """All facts of a run."""

    platforms: tuple[PlatformResult, ...]
    """The reference, the others that ran, then those of which only a manual was read."""
    differing: Mapping[str, list[FactRow]]
    """Area -> rows that are not the same on all of `platforms`."""
    same: Mapping[str, str]
    """Name -> value, of those that are."""


def facts_of(matrix: Matrix, rows: Iterable[Row]) -> Facts:
    """Every fact of every platform beside the reference's, objects entry by entry."""
    ran = [platform for platform in matrix.platforms if platform.status == "ran"]
    ran.sort(key=lambda platform: platform.name != matrix.reference)
    read = [platform for platform in matrix.platforms if platform.status != "ran" and platform.documented]
    platforms, probes = (*ran, *read), {row.id.partition("[")[0]: row for row in rows}
    differing: dict[str, list[FactRow]] = {}
    same: dict[str, str] = {}
    for whole in sorted(compare(matrix), key=lambda fact: fact.name):
        for fact in entries(whole):
            cells = tuple(_cell(fact, platform.name) for platform in platforms)
            if all(cell.style in ("same", "missing") for cell in cells):
                same[fact.name] = next(cell.text for cell in cells if cell.style == "same")
            else:
                differing.setdefault(fact.area, []).append(FactRow(fact.name, cells, probes.get(fact.probe)))
    return Facts(platforms, differing, same)


def _cell(fact: FactDifference, platform: str) -> FactCell:
    if platform in fact.values:
        return FactCell("differs" if platform in fact.differing else "same", shown(fact.values[platform]))
    if platform in fact.unstable:
        return FactCell("unstable", " or ".join(map(shown, fact.unstable[platform])))
    if platform in fact.documented:
        return FactCell("documented", shown(fact.documented[platform].value), fact.documented[platform].source)
    return FactCell("missing", "not measured")
