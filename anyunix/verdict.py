"""Typed results -> a verdict for each subject and bind mode, with its reasons, and the exit status."""

from dataclasses import replace

from anyunix.results import Answer, CellResult, Matrix, Probe, Verdict

EXIT_PORTABLE, EXIT_NOT_PORTABLE, EXIT_USAGE, EXIT_NOT_RUN = 0, 1, 2, 3


def judge(matrix: Matrix) -> Matrix:
    """The matrix with one verdict for each subject and bind mode, in the order they ran."""
    pairs = dict.fromkeys((cell.subject, cell.bind) for cell in matrix.cells)
    return replace(matrix, verdicts=tuple(_verdict(matrix, subject, bind) for subject, bind in pairs))


def exit_status(matrix: Matrix) -> int:
    """0 portable · 1 not portable, or an expectation that does not hold · 3 not answered.

    A failure that was seen outweighs a question left open.
    """
    found = {verdict.verdict for verdict in matrix.verdicts}
    if "not portable" in found or matrix.problems:
        return EXIT_NOT_PORTABLE
    return EXIT_NOT_RUN if "not answered" in found or not found else EXIT_PORTABLE


def shard_status(matrix: Matrix) -> int:
    """Of a part of a matrix: 0 its cells ran, whatever came of them · 3 one broke, or a required one did not run."""
    broke = any(cell.status == "error" or (cell.status == "not-run" and cell.platform in matrix.required)
                for cell in matrix.cells)
    return EXIT_NOT_RUN if broke else EXIT_PORTABLE


def _verdict(matrix: Matrix, subject: str, bind: str) -> Verdict:
    cells = [cell for cell in matrix.cells if (cell.subject, cell.bind) == (subject, bind)]
    ran = [cell for cell in cells if cell.status == "ran"]
    failing = [cell for cell in ran if _unexpected(cell)]
    unanswered = [cell for cell in cells if cell.status == "error"
                  or (cell.status == "not-run" and cell.platform in matrix.required)]
    known = [f"{cell.platform}: {probe.name} fails as expected: {probe.expected}"
             for cell in ran for probe in cell.failures if probe.expected]
    answer: Answer = "portable with known differences" if known else "portable"
    because = known
    if failing:
        answer = "not portable"
        because = [reason for cell in failing for reason in _reasons(cell, matrix.reference)]
    elif unanswered or not ran:
        answer = "not answered"
        because = [f"{cell.platform} did not answer: {cell.reason}" for cell in unanswered or cells]
    return Verdict(subject, bind, answer, tuple(because), tuple(dict.fromkeys(cell.platform for cell in ran)),
                   tuple(dict.fromkeys(cell.platform for cell in cells if cell.status != "ran")))


def _unexpected(cell: CellResult) -> list[Probe]:
    return [probe for probe in cell.failures if not probe.expected]


def _reasons(cell: CellResult, reference: str) -> list[str]:
    """The explanations that were found, each once; what has none is named."""
    explained = list(dict.fromkeys(probe.explanation for probe in _unexpected(cell) if probe.explanation))
    names = [probe.name for probe in _unexpected(cell) if not probe.explanation]
    if not names:
        return explained
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    where = f"{cell.platform}, the reference," if cell.platform == reference else cell.platform
    return [*explained, f"{where} fails {', '.join(names[:3])}{more}"]
