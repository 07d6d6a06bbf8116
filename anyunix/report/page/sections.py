"""The matrix as tables: one per subject, bind mode and build; probes down, platforms across."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from anyunix.results.json_values import written
from anyunix.results.model import GROUPS, CellResult, Matrix, Probe, ProbeText

SIGNS = {
    "passed": "✓",
    "failed": "✗",
    "fails as expected": "(✗)",
    "error": "!",
    "flaky": "~",
    "left out": "–",
    "no answer": "…",
    "no result": "·",
    "measured": "○",
    "differs": "≠",
    "varies": "~",
    "not measured": "!",
}
"""What a cell of the table says -> its sign; the words are in the page too, for whoever cannot see the sign."""
OUTCOMES = {
    "contract": {"skipped": "left out"},
    "fact": {
        "passed": "measured",
        "skipped": "left out",
        "flaky": "varies",
        "failed": "not measured",
        "error": "not measured",
    },
}


@dataclass(frozen=True)
class Row:
    """One probe, whatever the platform."""

    number: int
    id: str
    kind: str
    text: ProbeText | None

    @property
    def group(self) -> str:
        return self.id.partition("/")[0]

    @property
    def sentence(self) -> str:
        """The first sentence of its docstring; without one, its name in words: `Second listener.`"""
        if self.text and self.text.behaviour:
            return self.text.behaviour
        name = self.id.partition("[")[0].rpartition("::")[2].removeprefix("test_").replace("_", " ").strip()
        return f"{name[:1].upper()}{name[1:]}."

    @property
    def case(self) -> str:
        """`binding/test_a_facts.py::test_second_listener[ipv4]` -> `ipv4`"""
        return self.id.partition("[")[2].removesuffix("]")


@dataclass(frozen=True)
class Section:
    """One subject in one bind mode and build."""

    subject: str
    bind: str
    build: str
    cells: tuple[CellResult | None, ...]
    """In the order of the platforms."""
    reference: CellResult | None
    rows: tuple[Row, ...]
    found: tuple[dict[str, Probe], ...] = field(repr=False)
    """For each of `cells`: probe id -> what came of it."""
    unstable: tuple[frozenset[str], ...] = ()
    """For each platform: the facts that varied there, between repeats or between its cells."""

    @property
    def key(self) -> str:
        return f"{self.subject}/{self.bind}/{self.build}"

    @property
    def title(self) -> str:
        return " · ".join([self.subject, self.bind, *([] if self.build == "plain" else [self.build])])

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        return grouped(self.rows)

    @cached_property
    def failures(self) -> int:
        return sum(len(cell.failures) for cell in self.cells if cell)

    def words(self, row: Row) -> list[str]:
        """What each platform's cell says: a key of SIGNS."""
        place = next((place for place, cell in enumerate(self.cells) if cell and cell is self.reference), None)
        same = None if place is None else self.found[place].get(row.id)
        return [
            _word(cell, found.get(row.id), same, unstable)
            for cell, found, unstable in zip(self.cells, self.found, self.unstable, strict=True)
        ]

    def kept(self, rows: Iterable[Row]) -> list["Kept"]:
        """For each platform the contracts kept and tried among `rows`."""
        names = [row.id for row in rows if row.kind == "contract"]
        return [kept_of(found[name] for name in names if name in found) for found in self.found]


@dataclass(frozen=True)
class Kept:
    """Contracts kept, of those that were tried."""

    kept: int
    tried: int
    state: str
    """`all`, `known` when each that was not kept was expected, `some`; empty when none was tried."""


def kept_of(probes: Iterable[Probe]) -> Kept:
    """Count contracts."""
    tried = [probe for probe in probes if probe.kind == "contract" and probe.tried]
    broken = [probe for probe in tried if probe.bad]
    state = "" if not tried else "all" if not broken else "known" if all(each.expected for each in broken) else "some"
    return Kept(len(tried) - len(broken), len(tried), state)


def _word(cell: CellResult | None, probe: Probe | None, reference: Probe | None, unstable: frozenset[str]) -> str:
    if probe is None:
        return "no answer" if cell is None or cell.status != "ran" else "no result"
    word = OUTCOMES[probe.kind].get(probe.outcome, probe.outcome)
    if probe.kind == "contract":
        return "fails as expected" if probe.bad and probe.expected else word
    if probe.unstable or not unstable.isdisjoint(probe.facts):
        return "varies"
    differs = word == "measured" and reference and reference.facts and _facts(probe) != _facts(reference)
    return "differs" if differs else word


def rows_of(matrix: Matrix) -> list[Row]:
    """Every probe of the run once: the usual groups first, then as they came."""
    kinds = {probe.id: probe.kind for cell in matrix.cells for probe in cell.probes}
    texts = {text.id: text for text in matrix.texts}
    order = {name: index for index, name in enumerate(GROUPS)}
    names = sorted(kinds, key=lambda name: order.get(name.partition("/")[0], len(order)))
    return [Row(number, name, kinds[name], texts.get(name.partition("[")[0])) for number, name in enumerate(names)]


def sections_of(matrix: Matrix, rows: Iterable[Row]) -> list[Section]:
    """The tables, in the order of the cells."""
    places = {platform.name: index for index, platform in enumerate(matrix.platforms)}
    by_key: dict[tuple[str, str, str], list[CellResult | None]] = {}
    for cell in matrix.cells:
        if cell.platform in places:
            cells = by_key.setdefault((cell.subject, cell.bind, cell.build), [None] * len(places))
            cells[places[cell.platform]] = cell
    unstable = tuple(frozenset(platform.unstable) for platform in matrix.platforms)
    sections = []
    for (subject, bind, build), cells in by_key.items():
        found = tuple(_by_id(cell) for cell in cells)
        reference = cells[places[matrix.reference]] if matrix.reference in places else None
        sections.append(
            Section(
                subject,
                bind,
                build,
                tuple(cells),
                reference,
                tuple(row for row in rows if any(row.id in probes for probes in found)),
                found,
                unstable,
            )
        )
    return sections


def grouped(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Rows by probe group, in the order in which the groups appear."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return list(groups.items())


def _by_id(cell: CellResult | None) -> dict[str, Probe]:
    """Of two results with one name the bad one counts."""
    return {probe.id: probe for probe in sorted(cell.probes if cell else (), key=lambda probe: probe.bad)}


def _facts(probe: Probe) -> str:
    return written(dict(probe.facts))
