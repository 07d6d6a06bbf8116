"""Cells -> shards of about the same length, each with the command that runs it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import LIKE
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_regular
from anyunix.results.model import PLAIN, CellId, Identity, Matrix
from anyunix.run import Choice, Selection
from anyunix.run.identity import identity_of
from anyunix.run.order import likely_seconds, longest_first

SCHEMA = 1
SIZE_LIMIT = 10_000_000


@dataclass(frozen=True)
class PlannedCell:
    """One cell, by the names that its results have, and as the command line takes it."""

    subject: str
    platform: str
    bind: str
    spec: tuple[str, str, str]
    """Subject and platform as they were asked for, names, files or addresses, and the bind mode."""

    @property
    def id(self) -> CellId:
        return CellId(self.subject, self.bind, self.platform)


@dataclass(frozen=True)
class Shard:
    """A part that one machine runs, without the others."""

    name: str
    """`2/3`"""
    cells: tuple[PlannedCell, ...]
    command: tuple[str, ...]
    seconds: float
    """How long it is likely to take, its cells one after the other."""


@dataclass(frozen=True)
class Plan:
    """A whole matrix, in parts."""

    cells: tuple[PlannedCell, ...]
    shards: tuple[Shard, ...]
    identity: Identity
    reference: str = ""
    """As it was asked for; empty for the usual choice."""
    required: tuple[str, ...] = ()
    schema: int = SCHEMA


@dataclass(frozen=True)
class Wish:
    """What every shard's command is to hold besides its cells."""

    out: Path
    options: tuple[str, ...] = ()
    reference: str = ""
    required: Mapping[str, str] = field(default_factory=dict)
    """Platform -> how it was asked for."""


def plan_of(
    choice: Choice,
    selection: Selection,
    *,
    count: int | None,
    times: Mapping[CellId, float],
    out: Path,
    options: Sequence[str],
) -> Plan:
    """The cells of a selection in `count` shards, one per cell by default; commands name things as they were chosen.

    Raises ConfigurationError when none of the cells can run.
    """
    catalog = selection.catalog
    subjects = {catalog.subject(asked).name: asked for asked in choice.subjects or catalog.subject_names()}
    asked_for = (*choice.platforms, *choice.required, *choice.optional)
    platforms = {platform.name: platform.name for platform in selection.platforms}
    for asked in asked_for:
        name = catalog.platform(asked).name
        platforms |= {name: asked, **{f"{name}{LIKE}{system}": f"{asked}{LIKE}{system}" for system in choice.likes}}
    cells = [
        PlannedCell(
            cell.subject.name,
            cell.platform.name,
            cell.bind,
            (subjects[cell.subject.name], platforms[cell.platform.name], cell.bind),
        )
        for cell in selection.cells
        if cell.platform.options.runs
    ]
    if not cells:
        raise ConfigurationError("no cell to plan: these platforms are known from their manuals only")
    wish = Wish(out, tuple(options), choice.reference, {name: platforms[name] for name in selection.required})
    return make_plan(cells, count or len(cells), times, identity_of(catalog.suite, selection.subjects), wish)


def make_plan(
    cells: Sequence[PlannedCell], count: int, times: Mapping[CellId, float], identity: Identity, wish: Wish
) -> Plan:
    """`count` shards at most, the longest cells dealt out first, each to the shard that has the least to do."""
    seconds = likely_seconds(cells, times)
    parts: list[list[int]] = [[] for _ in range(min(count, len(cells)))]
    for number in longest_first(cells, times):
        min(parts, key=lambda part: (sum(seconds[each] for each in part), len(part))).append(number)
    shards = [
        _shard(f"{place}/{len(parts)}", [cells[each] for each in part], sum(seconds[each] for each in part), wish)
        for place, part in enumerate(parts, 1)
    ]
    return Plan(tuple(cells), tuple(shards), identity, wish.reference, tuple(wish.required))


def times_of(matrix: Matrix) -> dict[CellId, float]:
    """How long the cells of an earlier run took, in seconds."""
    return {replace(cell.id, build=PLAIN): cell.seconds for cell in matrix.cells if cell.status == "ran"}


def planned_subjects(plan: Plan, catalog: Catalog) -> dict[str, Subject]:
    """The subjects of a plan, by name, as far as their files are where they were when it was made."""
    found = {}
    for cell in plan.cells:
        with suppress(ConfigurationError):
            found[cell.subject] = catalog.subject(cell.spec[0])
    return found


def read_plan(path: Path) -> Plan:
    """A plan that `anyunix plan` wrote. Raises ConfigurationError."""
    try:
        document: Any = msgspec.json.decode(read_regular(path, SIZE_LIMIT))
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ConfigurationError(f"{path}: no plan of this anyunix: `anyunix plan --format json` makes one")
        return msgspec.convert(document, Plan)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: not a plan of `anyunix plan --format json`: {error}") from None


def _shard(name: str, cells: Sequence[PlannedCell], seconds: float, wish: Wish) -> Shard:
    there = {cell.platform for cell in cells}
    required = [word for platform, asked in wish.required.items() if platform in there for word in ("--require", asked)]
    chosen = [word for cell in cells for word in ("--cell", *cell.spec)]
    out = ("--out", str(wish.out / f"shard-{name.partition('/')[0]}"))
    command = ("anyunix", "run", "--shard", name, *chosen, *required, *wish.options, *out)
    return Shard(name, tuple(cells), command, seconds)
