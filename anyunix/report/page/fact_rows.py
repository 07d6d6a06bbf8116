"""The facts that are not the same everywhere, side by side; the others once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from anyunix.report.page.sections import Row
from anyunix.report.page.shown import shown
from anyunix.results.json_values import written
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

    @property
    def family(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Facts:
    """All facts of a run."""

    platforms: tuple[PlatformResult, ...]
    """The reference, the others that ran, then those of which only a manual was read."""
    differing: Mapping[str, list[FactRow]]
    """Family -> rows that are not the same on all of `platforms`."""
    same: Mapping[str, str]
    """Name -> value, of those that are."""


def facts_of(matrix: Matrix, rows: Iterable[Row]) -> Facts:
    """Compare every fact of every platform with the reference's."""
    ran = [platform for platform in matrix.platforms if platform.status == "ran"]
    ran.sort(key=lambda platform: platform.name != matrix.reference)
    read = [platform for platform in matrix.platforms if platform.status != "ran" and platform.documented]
    platforms = (*ran, *read)
    values = [_values(platform) for platform in platforms]
    probes = _probes(matrix, {row.id: row for row in rows})
    differing: dict[str, list[FactRow]] = {}
    same: dict[str, str] = {}
    for name in sorted({name for own in values for name in own}):
        for entry, several in _entries(name, [own.get(name) for own in values]):
            cells = _compare(several)
            row = FactRow(entry, cells, probes.get(name))
            if all(cell.style in ("same", "missing") for cell in cells):
                same[entry] = next(cell.text for cell in cells if cell.style == "same")
            else:
                differing.setdefault(row.family, []).append(row)
    return Facts(platforms, differing, same)


@dataclass(frozen=True)
class _Value:
    style: Literal["measured", "unstable", "documented"]
    values: tuple[Any, ...]
    source: str = ""


def _values(platform: PlatformResult) -> dict[str, _Value]:
    if platform.status != "ran":
        return {name: _Value("documented", (said.value,), said.source) for name, said in platform.documented.items()}
    return {
        **{name: _Value("measured", (value,)) for name, value in platform.facts.items()},
        **{name: _Value("unstable", tuple(several)) for name, several in platform.unstable.items()},
    }


def _entries(name: str, values: list[_Value | None]) -> Iterable[tuple[str, list[_Value | None]]]:
    """A fact that is an object everywhere, entry by entry: of 18 signal numbers only those that differ are of use."""
    if not all(isinstance(item, Mapping) and item for value in values if value for item in value.values):
        yield name, values
        return
    keys = dict.fromkeys(key for value in values if value for item in value.values for key in item)
    for key in keys:
        yield f"{name}: {key}", [_entry(value, key) for value in values]


def _entry(value: _Value | None, key: str) -> _Value | None:
    if value is None:
        return None
    several = {written(item[key]): item[key] for item in value.values if key in item}
    if not several:
        return None
    style = "measured" if value.style == "unstable" and len(several) == 1 else value.style
    return _Value(style, tuple(several.values()), value.source)


def _compare(values: list[_Value | None]) -> tuple[FactCell, ...]:
    """The first platform is the reference; without a value there, the first that was measured."""
    known = next((value for value in values if value and value.style == "measured"), None)
    return tuple(_cell(value, known) for value in values)


def _cell(value: _Value | None, known: _Value | None) -> FactCell:
    if value is None:
        return FactCell("missing", "not measured")
    text = " or ".join(shown(item) for item in value.values)
    if value.style != "measured":
        return FactCell(value.style, text, value.source)
    differs = known is not None and written(known.values) != written(value.values)
    return FactCell("differs" if differs else "same", text)


def _probes(matrix: Matrix, rows: Mapping[str, Row]) -> dict[str, Row]:
    """Fact -> the probe that measures it."""
    return {
        name: rows[probe.id]
        for cell in matrix.cells
        for probe in cell.probes
        for name in (*probe.facts, *probe.unstable)
    }
