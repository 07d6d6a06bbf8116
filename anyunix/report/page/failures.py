"""What went wrong and what was left out, each text once: cells and details only refer to it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from anyunix.report.page.sections import Row, Section
from anyunix.report.traces import second_try
from anyunix.results.consequences import cause_of
from anyunix.results.model import FAILURE_KINDS, Matrix, Probe
from anyunix.text import safe, said_by


@dataclass(frozen=True)
class Failure:
    """One probe that went wrong in one cell."""

    number: int
    section: Section
    place: int
    """The platform's place among the platforms."""
    row: Row
    probe: Probe
    word: str
    cause: Row | None = None
    """The contract of the same cell whose failure this one follows from."""

    @property
    def said(self) -> str:
        """pytest's lines that start with E, else the first line."""
        return "\n".join(said_by(self.probe.message))

    @property
    def second_try(self) -> str:
        """What it did under a tracer, where that speaks against a difference of platforms."""
        cell = self.section.cells[self.place]
        said = second_try(cell.name if cell else "", self.probe)
        return said[:1].upper() + said[1:]

    @property
    def rest(self) -> str:
        """The whole message, if it says more than `said`."""
        message = self.probe.message.strip()
        return message if safe(message) != self.said else ""


@dataclass(frozen=True)
class LeftOut:
    """A reason for which probes were left out."""

    reason: str
    count: int
    platforms: tuple[str, ...]
    rows: tuple[Row, ...]


def failures_of(sections: Iterable[Section]) -> list[Failure]:
    """Everything bad, by probe; what only follows from another failure, behind that."""
    found: list[Failure] = []
    for section in sections:
        for row in section.rows:
            for place, probes in enumerate(section.found):
                probe = probes.get(row.id)
                if probe and probe.bad:
                    found.append(
                        Failure(0, section, place, row, probe, section.words(row)[place], _cause(section, place, probe))
                    )
    found.sort(
        key=lambda failure: (
            failure.row.kind != "contract",
            FAILURE_KINDS.index(failure.probe.failure_kind),
            (failure.cause or failure.row).number,
            failure.cause is not None,
            failure.row.number,
        )
    )
    return [replace(failure, number=number) for number, failure in enumerate(found)]


def by_probe(failures: Iterable[Failure]) -> list[tuple[Row, list[Failure]]]:
    """Failures of one kind under the probe that they are of."""
    groups: dict[tuple[str, Row, Row | None], list[Failure]] = {}
    for failure in failures:
        groups.setdefault((failure.probe.failure_kind, failure.row, failure.cause), []).append(failure)
    return [(several[0].row, several) for several in groups.values()]


def _cause(section: Section, place: int, probe: Probe) -> Row | None:
    cell = section.cells[place]
    cause = cause_of(cell, probe) if cell else None
    return next((row for row in section.rows if cause and row.id == cause.id), None)


def left_out_of(matrix: Matrix, rows: Iterable[Row]) -> list[LeftOut]:
    """Each reason once, with what it holds for, the most frequent first."""
    found: dict[str, list[tuple[str, Row]]] = {}
    by_id = {row.id: row for row in rows}
    for cell in matrix.cells:
        for probe in cell.probes:
            if probe.outcome == "skipped":
                found.setdefault(probe.message.strip(), []).append((cell.platform, by_id[probe.id]))
    return [
        LeftOut(
            reason,
            len(cases),
            tuple(dict.fromkeys(platform for platform, _ in cases)),
            tuple({row.number: row for _, row in cases}.values()),
        )
        for reason, cases in sorted(found.items(), key=lambda item: -len(item[1]))
    ]
