"""Typed results -> a verdict for each subject and bind mode, with its reasons, and the exit status."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from anyunix.analysis.cause_words import cause_said
from anyunix.analysis.explain import what_fails
from anyunix.analysis.taking_back import taken_back
from anyunix.errors import EXIT_NOT_COMPARED, EXIT_NOT_PORTABLE, EXIT_NOT_RUN, EXIT_PORTABLE
from anyunix.results.consequences import cause_of
from anyunix.results.model import (
    ANSWERS,
    ONLY_WHEN_BROKEN,
    PLAIN,
    Answer,
    CellResult,
    FailureKind,
    Matrix,
    Probe,
    Tried,
    Verdict,
)

FLOOR = 0.5
"""The part of what the reference kept that has to be tried on a platform, in each probe group."""
NAMED = 3
"""Contracts that a reason names; the report has them all."""


def judge(matrix: Matrix) -> Matrix:
    """The matrix with the kind of each failure, and a verdict for each subject and bind mode, in the order they ran."""
    beside = matrix.by_subject()
    matrix = replace(matrix, cells=tuple(_with_kinds(cell, beside[cell.subject, cell.bind]) for cell in matrix.cells))
    return replace(
        matrix, verdicts=tuple(_verdict(matrix, *asked, cells) for asked, cells in matrix.by_subject().items())
    )


def exit_status(matrix: Matrix) -> int:
    """0 portable, or all that one platform was asked for is kept there · 1 not portable, promises broken, flaky, or an
    expectation that does not hold · 3 not answered · 4 several platforms were asked for and only one ran.

    A failure that was seen outweighs a question left open.
    """
    found = {verdict.verdict for verdict in matrix.verdicts}
    if found & {"not portable", "promises broken", "flaky"} or matrix.problems:
        return EXIT_NOT_PORTABLE
    if "not answered" in found or not found:
        return EXIT_NOT_RUN
    several = len({cell.platform for cell in matrix.cells} - matrix.documented) > 1
    return EXIT_NOT_COMPARED if "nothing to compare with" in found and several else EXIT_PORTABLE


def shard_status(matrix: Matrix) -> int:
    """Of a part of a matrix: 0 its cells ran, whatever came of them · 3 one broke, or a required one did not run."""
    return EXIT_NOT_RUN if _unanswered(matrix, matrix.cells) else EXIT_PORTABLE


def _with_kinds(cell: CellResult, beside: Sequence[CellResult]) -> CellResult:
    """`beside` are the cells of the same subject and bind mode, this one among them."""
    if not cell.failures:
        return cell
    kept = {name for each in beside for name in _kept(each)}
    return replace(
        cell,
        probes=tuple(
            replace(probe, failure_kind=_kind(probe, kept)) if probe.kind == "contract" and probe.bad else probe
            for probe in cell.probes
        ),
    )


def _kept(cell: CellResult) -> set[str]:
    """That it builds and starts is in the results only where it did not."""
    if cell.status != "ran":
        return set()
    failed = {probe.id for probe in cell.failures}
    return {*(probe.id for probe in cell.kept()), *({*ONLY_WHEN_BROKEN} - failed)}


def _kind(probe: Probe, kept: set[str]) -> FailureKind:
    if probe.outcome == "flaky" or probe.again in ("did not repeat", "not a difference"):
        return "flaky"
    return "platform difference" if probe.id in kept else "broken promise"


def _verdict(matrix: Matrix, subject: str, bind: str, cells: Sequence[CellResult]) -> Verdict:
    ran = [cell for cell in cells if cell.status == "ran"]
    platforms = tuple(dict.fromkeys(cell.platform for cell in ran))
    tried, untried = _tried(matrix, ran)
    unexpected = [(cell, probe) for cell in ran for probe in _of_their_own(cell)]
    unanswered = _unanswered(matrix, cells)
    found: dict[Answer, list[str]] = {
        "portable with known differences": [
            f"{cell.platform}: {probe.name} fails as expected: {probe.expected}"
            for cell in ran
            for probe in cell.failures
            if probe.expected
        ],
        "nothing to compare with": [_alone(ran)] if len(platforms) == 1 else [],
        "not answered": [
            *untried,
            *(f"{cell.platform} did not answer: {cell.reason}" for cell in unanswered or ([] if ran else cells)),
        ],
        "promises broken": _broken_promises(unexpected),
        "flaky": _names("does not fail each time", unexpected, "flaky"),
        "not portable": [reason for cell in ran for reason in _differences(cell, matrix.reference)],
    }
    answer: Answer = next((answer for answer in reversed(ANSWERS) if found.get(answer)), "portable")
    worse: tuple[Answer, ...] = ("not portable", "flaky", "promises broken", "not answered")
    because = [reason for each in worse for reason in found[each]] or [
        *found.get(answer, []),
        *(found["portable with known differences"] if len(platforms) == 1 else []),
    ]
    return Verdict(
        subject,
        bind,
        answer,
        tuple(because),
        platforms,
        tuple(dict.fromkeys(cell.platform for cell in cells if cell.status != "ran")),
        tuple(tried),
        tuple(name for name in platforms if (platform := matrix.platform(name)) and platform.is_likeness),
        _ids(unexpected, "platform difference"),
        _ids(unexpected, "broken promise"),
    )


def _of_their_own(cell: CellResult) -> list[Probe]:
    """Failures that nobody expected, and that do not only follow from another one that is among them."""
    unexpected = [probe for probe in cell.failures if not probe.expected]
    return [probe for probe in unexpected if cause_of(cell, probe) not in unexpected]


def _unanswered(matrix: Matrix, cells: Iterable[CellResult]) -> list[CellResult]:
    return [
        cell
        for cell in cells
        if cell.status == "error"
        or (cell.status == "not-run" and cell.platform in matrix.required and cell.build == PLAIN)
    ]


def _tried(matrix: Matrix, ran: Sequence[CellResult]) -> tuple[list[Tried], list[str]]:
    """What was tried on each platform, and on which ones it was too little to call anything portable there."""
    plain = [cell for cell in ran if cell.build == PLAIN]
    reference = next((cell for cell in plain if cell.platform == matrix.reference), None)
    counts, too_little = [], []
    for cell in plain:
        wanted = _comparable(cell, reference, plain)
        tried = _ids_tried(cell)
        counts.append(Tried(cell.platform, len(wanted & tried), len(wanted)))
        if any(probe.id in ONLY_WHEN_BROKEN for probe in cell.failures):
            continue  # nothing could be tried, and that is the failure
        if not wanted | tried:
            too_little.append(f"not answered on {cell.platform}: no contract was tried")
        elif lacking := _groups_below_floor(wanted, tried):
            too_little.append(
                f"not answered on {cell.platform}: {len(wanted & tried)} of {len(wanted)} contracts "
                f"tried ({', '.join(lacking)})"
            )
    return counts, too_little


def _comparable(cell: CellResult, reference: CellResult | None, plain: Sequence[CellResult]) -> set[str]:
    """The contracts that the reference kept; for the reference itself those that any platform tried."""
    if reference is None or cell is reference:
        return {name for each in plain for name in _ids_tried(each)}
    return {probe.id for probe in reference.kept()}


def _ids_tried(cell: CellResult) -> set[str]:
    return {probe.id for probe in cell.tried() if probe.id not in ONLY_WHEN_BROKEN}


def _groups_below_floor(wanted: set[str], tried: set[str]) -> list[str]:
    """`locking 0 of 22` for each group of which too little was tried."""
    groups = sorted({name.partition("/")[0] for name in wanted})
    counts = [
        (
            group,
            sum(name.startswith(f"{group}/") for name in wanted & tried),
            sum(name.startswith(f"{group}/") for name in wanted),
        )
        for group in groups
    ]
    return [f"{group} {some} of {every}" for group, some, every in counts if some < FLOOR * every]


def _alone(ran: Sequence[CellResult]) -> str:
    plain = [cell for cell in ran if cell.build == PLAIN]
    kept = sum(len(cell.kept()) for cell in plain)
    known = sum(len(cell.failures) for cell in plain)
    counted = f"kept {kept} contracts, {known} failed as expected," if known else f"kept all {kept} contracts"
    return f"{counted} on {ran[0].platform}; nothing to compare with"


def _broken_promises(unexpected: Sequence[tuple[CellResult, Probe]]) -> list[str]:
    """One sentence a contract, with what takes it back."""
    broken = {probe.name: probe for _, probe in unexpected if probe.failure_kind == "broken promise"}
    lines = [
        f"kept on no platform: {name}"
        + (f"; if it is not meant to be, write {words} in the subject file" if (words := taken_back(probe)) else "")
        for name, probe in broken.items()
    ]
    more = [f"and {len(lines) - NAMED} more broken promises"] if len(lines) > NAMED + 1 else []
    return [*lines[:NAMED], *more] if more else lines


def _names(what: str, unexpected: Sequence[tuple[CellResult, Probe]], kind: FailureKind) -> list[str]:
    """`debian: test_a, test_b and 2 more: does not fail each time`."""
    by_platform: dict[str, list[str]] = {}
    for cell, probe in unexpected:
        if probe.failure_kind == kind:
            by_platform.setdefault(cell.platform, []).append(probe.name)
    return [f"{platform}: {_few(names)}: {what}" for platform, names in by_platform.items()]


def _differences(cell: CellResult, reference: str) -> list[str]:
    """The explanations that were found, each once; what has none is named."""
    probes = [probe for probe in _of_their_own(cell) if probe.failure_kind == "platform difference"]
    why = {probe.name: _why(cell, probe, reference) for probe in probes}
    explained = list(dict.fromkeys(filter(None, why.values())))
    names = [name for name, said in why.items() if not said]
    where = f"{cell.platform}, the reference," if cell.platform == reference else cell.platform
    return [*explained, f"{where} fails {_few(names)}"] if names else explained


def _why(cell: CellResult, probe: Probe, reference: str) -> str:
    """The cause where an experiment found one, else what facts explain."""
    if probe.cause is None or not probe.cause.found:
        return probe.explanation
    return f"{what_fails(probe, cell.platform)}, not on {reference}; {cause_said(probe)}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _ids(unexpected: Sequence[tuple[CellResult, Probe]], kind: FailureKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(probe.id for _, probe in unexpected if probe.failure_kind == kind))
