"""Typed results -> a verdict for each subject and bind mode, with its reasons, and the exit status."""

from dataclasses import dataclass
from typing import Literal

from anyunix.matrix import Matrix
from anyunix.results import CellResult

Answer = Literal["portable", "portable with known differences", "not portable", "not answered"]

EXIT_PORTABLE, EXIT_NOT_PORTABLE, EXIT_USAGE, EXIT_NOT_RUN = 0, 1, 2, 3


@dataclass(frozen=True)
class Verdict:
    """The answer for one subject in one bind mode."""

    subject: str
    bind: str
    answer: Answer
    because: tuple[str, ...]
    ran: tuple[str, ...]
    not_run: tuple[str, ...]
    """Platforms without an answer; never counted as a pass."""


def verdicts(matrix: Matrix) -> list[Verdict]:
    """One verdict for each subject and bind mode, in the order they ran."""
    pairs = dict.fromkeys((cell.subject, cell.bind) for cell in matrix.cells)
    return [_verdict(matrix, subject, bind) for subject, bind in pairs]


def exit_status(answers: list[Verdict]) -> int:
    """0 portable · 1 not portable · 3 not answered. A failure that was seen outweighs a question left open."""
    found = {verdict.answer for verdict in answers}
    if "not portable" in found:
        return EXIT_NOT_PORTABLE
    return EXIT_NOT_RUN if "not answered" in found or not answers else EXIT_PORTABLE


def _verdict(matrix: Matrix, subject: str, bind: str) -> Verdict:
    cells = [cell for cell in matrix.cells if (cell.subject, cell.bind) == (subject, bind)]
    ran = [cell for cell in cells if cell.status == "ran"]
    failing = [cell for cell in ran if cell.failures]
    unanswered = [cell for cell in cells if cell.status == "error"
                  or (cell.status == "not-run" and cell.platform in matrix.required)]
    answer: Answer = "portable"
    because: list[str] = []
    if failing:
        answer = "not portable"
        because = [_failing(cell, matrix.reference) for cell in failing]
    elif unanswered or not ran:
        answer = "not answered"
        because = [f"{cell.platform} did not answer: {cell.reason}" for cell in unanswered or cells]
    return Verdict(subject, bind, answer, tuple(because), tuple(cell.platform for cell in ran),
                   tuple(cell.platform for cell in cells if cell.status != "ran"))


def _failing(cell: CellResult, reference: str) -> str:
    names = [probe.id.rpartition("::")[2] for probe in cell.failures]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    where = f"{cell.platform}, the reference," if cell.platform == reference else cell.platform
    return f"{where} fails {', '.join(names[:3])}{more}"
