"""What CI systems show beside the files of a repository: each contract that was not kept, in words, at its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anyunix.catalog.subjects import Subject
from anyunix.report.cause_lines import cause_lines
from anyunix.report.kinds import source, take_back
from anyunix.report.places import Beside, place_of
from anyunix.results.model import CellResult, Matrix, Probe
from anyunix.text import said_by

CasesOfOne = list[tuple[CellResult, Probe]]
"""A contract that was not kept, with its cells."""
Subjects = Mapping[str, Subject]
"""Those of a matrix that have a file here, by name."""


@dataclass(frozen=True)
class Note:
    """One failure. Its words are a platform's in part: untrusted."""

    probe: str
    title: str
    text: str
    place: Beside | None
    """None where no file of the repository is known for it."""


def notes(matrix: Matrix, subjects: Subjects, repository: Path) -> list[Note]:
    """Each contract once, with the cells in which it was not kept although nobody expected that."""
    unexpected = ([case for case in cases if not case[1].expected] for cases in matrix.failures())
    return [_note(matrix, cases, _place(cases, subjects, repository)) for cases in unexpected if cases]


def _note(matrix: Matrix, cases: CasesOfOne, place: Beside | None) -> Note:
    probe = cases[0][1]
    where = ", ".join(cell.name for cell, _ in cases)
    only_follows = all(case.follows_from for _, case in cases)
    follows = f"follows from {probe.follows_from.partition('::')[2]}" if only_follows else ""
    why = follows or probe.explanation or "\n".join(said_by(probe.message))
    words = "\n".join(each for each in (*cause_lines(matrix, cases), why, take_back(probe)) if each)
    return Note(probe.id, f"{probe.failure_kind or 'failure'}: {probe.name}", f"on {where}\n{words}", place)


def _place(cases: CasesOfOne, subjects: Subjects, repository: Path) -> Beside | None:
    """The server's, where it is in the repository; else the probe's, as far as its name can be one (what a platform
    sends may name no other file).
    """
    for cell, probe in cases:
        if cell.subject in subjects and (place := place_of(probe, subjects[cell.subject], repository)):
            return place
    probe = cases[0][1]
    if not probe.file.endswith(".py") or ".." in probe.file or probe.file.startswith("/"):
        return None
    return source(probe), max(1, probe.line)
