"""The one JSON block of the page: what a cell's details need and the HTML does not have; no text twice."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from anyunix.report.page.failures import Failure, LeftOut
from anyunix.report.page.picture import Picture
from anyunix.report.page.sections import Row, Section
from anyunix.report.page.shown import shown
from anyunix.results.model import Matrix, PlatformResult, Probe
from anyunix.text import safe


class Texts:
    """A table of distinct JSON values; a value's number stands for it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.values: list[Any] = []

    def number(self, value: Any) -> int:
        key = json.dumps(value)
        if key not in self._numbers:
            self._numbers[key] = len(self.values)
            self.values.append(value)
        return self._numbers[key]


def block(
    matrix: Matrix,
    rows: Sequence[Row],
    sections: Iterable[Section],
    pictures: Sequence[Picture],
    failures: Iterable[Failure],
    left_out: Sequence[LeftOut],
) -> str:
    """JSON that is safe inside a script element."""
    texts, named = Texts(), {name for cell in matrix.cells for probe in cell.probes for name in probe.explained_by}
    numbers = {(failure.section.key, failure.place, failure.row.number): failure.number for failure in failures}
    reasons = {each.reason: number for number, each in enumerate(left_out)}
    text_numbers = {text.id: number for number, text in enumerate(matrix.texts)}
    document = {
        "reference": matrix.reference,
        "platforms": [{"name": platform.name, "facts": _named(platform, named)} for platform in matrix.platforms],
        "probes": [[row.id, row.kind, text_numbers.get(row.id.partition("[")[0], -1)] for row in rows],
        "sections": {
            section.key: [_cell(section, place, numbers, reasons, texts) for place in range(len(section.cells))]
            for section in sections
        },
        "pictures": {picture.section.key: picture.columns for picture in pictures},
        "lanes": [lane.place for picture in pictures[:1] for lane in picture.lanes],
        "texts": texts.values,
    }
    return escaped(document)


def escaped(document: Any) -> str:
    """As JSON without a character that could end the script element, open a comment or steer a terminal."""
    text = json.dumps(_safe(document), ensure_ascii=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return {safe(str(key)): _safe(item) for key, item in value.items()}
    return [_safe(item) for item in value] if isinstance(value, (list, tuple)) else value


def _named(platform: PlatformResult, names: set[str]) -> dict[str, str]:
    """The facts that may explain a failure, as they are on this platform."""
    return {name: shown(value) for name, value in platform.facts.items() if name in names}


def _cell(
    section: Section, place: int, numbers: dict[tuple[str, int, int], int], reasons: dict[str, int], texts: Texts
) -> dict[str, Any] | None:
    """In the order of the section's rows: milliseconds, and the number of what else there is to say; 0 is nothing."""
    cell = section.cells[place]
    if cell is None:
        return None
    found = section.found[place]
    probes = [found.get(row.id) for row in section.rows]
    more = [
        _more(probe, numbers.get((section.key, place, row.number)), reasons)
        for row, probe in zip(section.rows, probes, strict=True)
    ]
    return {
        "reason": cell.reason,
        **({"worker": cell.worker} if cell.worker else {}),
        "ms": [round(probe.seconds * 1000) if probe else 0 for probe in probes],
        "more": [texts.number(each) + 1 if each else 0 for each in more],
    }


def _more(probe: Probe | None, failure: int | None, reasons: dict[str, int]) -> dict[str, Any]:
    if probe is None:
        return {}
    more: dict[str, Any] = {
        "failure": failure,
        "reason": reasons.get(probe.message.strip()) if probe.outcome == "skipped" else None,
        "note": probe.message if not probe.bad and probe.tried else "",
        "facts": [[name, shown(value)] for name, value in probe.facts.items()],
        "unstable": [[name, " or ".join(map(shown, values))] for name, values in probe.unstable.items()],
        "counts": [[str(count), outcome] for outcome, count in probe.counts.items()],
        "explained_by": probe.explained_by if probe.bad else (),
        "bound": ", ".join(probe.bound) if probe.bad else "",
        "answered": ", ".join(probe.answered) if probe.bad else "",
    }
    return {name: value for name, value in more.items() if value not in (None, "", [], ())}
