"""The whole run as one picture: a lane for each platform, a square for each probe."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from anyunix.report.page.sections import Row, Section
from anyunix.results.model import Matrix

LOOKS = {
    "failed": "bad",
    "error": "bad",
    "not measured": "warn",
    "fails as expected": "warn",
    "flaky": "warn",
    "varies": "warn",
    "passed": "kept",
    "measured": "measured",
    "differs": "differs",
    "left out": "none",
    "no answer": "none",
    "no result": "none",
}
"""What a cell says -> how its square looks."""
SAID = {
    "bad": "failed",
    "warn": "flaky, varies, or fails as expected",
    "kept": "contract kept",
    "measured": "fact measured",
    "differs": "fact differs",
    "none": "left out or not run",
}
"""In the order of the legend."""
LABELLED, LEAST, WIDE = 0.06, 7, 0.2
"""The part of the width, and the squares, from which on a group's name fits over it; the part on a small screen."""
Shapes = dict[str, str]
"""Look -> the path through the squares of that look."""


@dataclass(frozen=True)
class Lane:
    """One platform."""

    name: str
    place: int
    """Among the platforms; -1 for the lane that parts the likenesses from them."""
    failed: int


@dataclass(frozen=True)
class Label:
    """A name over the squares of a group."""

    text: str
    percent: float
    """Where it begins, of the width."""
    wide: bool
    """Whether there is room for it on a narrow screen, too."""


@dataclass(frozen=True)
class Picture:
    """One subject in one bind mode and build."""

    section: Section
    lanes: tuple[Lane, ...]
    columns: tuple[int, ...]
    """The number of the row whose squares stand there; -1 for a gap."""
    labels: tuple[Label, ...]
    shapes: Shapes
    words: dict[str, int]
    """Look -> how many squares have it."""

    @property
    def said(self) -> str:
        """`257 probes on 4 platforms: 1 failed, 96 contract kept, …`, for those who cannot see it."""
        counts = ", ".join(f"{count} {SAID[look]}" for look, count in self.words.items())
        return f"{sum(column >= 0 for column in self.columns)} probes on {len(self.section.cells)} platforms: {counts}"


def pictures_of(matrix: Matrix, sections: Iterable[Section]) -> list[Picture]:
    """A picture for each section; the lanes of likenesses, which come last, stand apart."""
    return [_picture(matrix, section) for section in sections]


def _picture(matrix: Matrix, section: Section) -> Picture:
    lanes = []
    for place, platform in enumerate(matrix.platforms):
        if platform.is_likeness and place and not matrix.platforms[place - 1].is_likeness:
            lanes.append(Lane("likenesses", -1, 0))
        cell = section.cells[place]
        lanes.append(Lane(platform.name, place, len(cell.failures) if cell else 0))
    columns, starts = _columns(section.rows)
    labels = _labels(starts, len(columns))
    words = {row.number: section.words(row) for row in section.rows}
    looks = [
        ["" if lane.place < 0 or number < 0 else LOOKS[words[number][lane.place]] for number in columns]
        for lane in lanes
    ]
    counts = {look: sum(lane.count(look) for lane in looks) for look in SAID}
    numbers = tuple(columns)
    return Picture(section, tuple(lanes), numbers, labels, _shapes(looks), {k: n for k, n in counts.items() if n})


def _columns(rows: Sequence[Row]) -> tuple[list[int], list[tuple[str, int]]]:
    """Contracts by group, then facts; and where each block begins. A gap of one column parts two blocks."""
    contracts = [(row.group, row.number) for row in rows if row.kind == "contract"]
    facts = [("facts", row.number) for row in rows if row.kind != "contract"]
    columns: list[int] = []
    starts: list[tuple[str, int]] = []
    for name, block in groupby([*contracts, *facts], key=lambda each: each[0]):
        columns += [-1] if columns else []
        starts.append((name, len(columns)))
        columns += [number for _, number in block]
    return columns, starts


def _labels(starts: Sequence[tuple[str, int]], width: int) -> tuple[Label, ...]:
    """The names for which there is room; of a section without a probe there are none."""
    ends = [*(start for _, start in starts), width][1:]
    return tuple(
        Label(name, round(100 * start / width, 2), end - start >= WIDE * width)
        for (name, start), end in zip(starts, ends, strict=True)
        if end - start >= max(LEAST, LABELLED * width)
    )


def _shapes(lanes: Iterable[Sequence[str]]) -> Shapes:
    """A line through the middle of each run of squares: `M3 0.5h7`; dashes make squares of it. The worst lie on top."""
    shapes: dict[str, list[str]] = {}
    for lane, looks in enumerate(lanes):
        start = 0
        for look, run in groupby(looks):
            length = len(list(run))
            if look:
                shapes.setdefault(look, []).append(f"M{start} {lane}.5h{length}")
            start += length
    return {look: "".join(shapes[look]) for look in reversed(SAID) if look in shapes}
