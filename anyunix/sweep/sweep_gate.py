"""A sweep as the results of contracts, an injection each: so that it is gated and written down as those are."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date

from anyunix.analysis.expectations import INJECTION, Expectations, apply
from anyunix.results.model import CellResult, Matrix, Outcome, Probe
from anyunix.sweep.injecting import UNFIT
from anyunix.sweep.swept import BAD, Sweep, SweepAnswer, Sweeps, Swept
from anyunix.text import nearest

OUTCOMES: Mapping[SweepAnswer, Outcome] = {
    "kept": "passed",
    "client lost": "passed",
    "broken": "failed",
    "flaky": "failed",
    "not reached": "skipped",
    "not tried": "skipped",
}


def matrix_of(sweeps: Sweeps) -> Matrix:
    """A cell a platform, a probe an injection."""
    return Matrix((), tuple(_cell(sweep) for sweep in sweeps.each), "", started=sweeps.started)


def with_expectations(
    sweeps: Sweeps, file: Expectations | None, *, today: date, known_platforms: Collection[str], whole: bool
) -> Sweeps:
    """With the reason at what is expected to break it, and with what does not hold of the expectations.

    `whole`: all injections were made, so that one which is not among them is none that can be made.
    """
    if file is None:
        return sweeps
    own = replace(file, entries=tuple(entry for entry in file.entries if entry.probe.startswith(INJECTION)))
    platforms = [*known_platforms, *(sweep.platform for sweep in sweeps.each)]
    judged = apply(matrix_of(sweeps), {sweeps.subject: own}, today=today, known_platforms=platforms)
    return replace(
        sweeps,
        each=tuple(_accepted(sweep, cell) for sweep, cell in zip(sweeps.each, judged.cells, strict=True)),
        problems=(*judged.problems, *(_unknown(sweeps, own) if whole else ())),
    )


def _cell(sweep: Sweep) -> CellResult:
    return CellResult(
        sweep.subject,
        sweep.platform,
        sweep.bind,
        "ran" if sweep.injections and not sweep.reason else "not-run" if not sweep.injections else "error",
        sweep.reason,
        probes=tuple(
            Probe(f"{INJECTION}{each.id}", "contract", OUTCOMES[each.answer], _message(each))
            for each in sweep.injections
        ),
        seconds=sweep.seconds,
    )


def _message(swept: Swept) -> str:
    if swept.answer in ("kept", "client lost"):
        return ""
    if swept.answer not in BAD:
        return f"{swept.answer}: {swept.how or 'the call did not come this time'}"
    said = f"{swept.label} answers {swept.error} ({swept.times}; {swept.who}): {swept.how}"
    return "\n".join([said, *(swept.trace or [swept.line])])


def _accepted(sweep: Sweep, cell: CellResult) -> Sweep:
    expected = {probe.id: probe.expected for probe in cell.probes if probe.expected}
    return replace(
        sweep,
        injections=tuple(
            replace(each, expected=expected.get(f"{INJECTION}{each.id}", "")) for each in sweep.injections
        ),
    )


def _unknown(sweeps: Sweeps, file: Expectations) -> Iterator[str]:
    """Entries for injections that the server has no call for."""
    for sweep in sweeps.each:
        known = [f"{INJECTION}{each.id}" for each in sweep.injections]
        for entry in file.entries if known and not sweep.reason else ():
            alike = any(UNFIT.sub("-", label) in entry.probe for label in sweep.alike)
            if entry.covers(_cell(sweep)) and entry.probe not in known and not alike:
                wrong = f"the server makes no such call there{nearest(entry.probe, known)}; correct or remove it"
                yield f"{file.path}: {entry.platform}: {entry.probe}: {wrong}"
