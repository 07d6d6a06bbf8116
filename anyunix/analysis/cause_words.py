"""What experiments found out, in the same words in every report."""

from anyunix.results.cause_model import Cause
from anyunix.results.model import Probe
from anyunix.text import first_line, listed


def cause_said(probe: Probe) -> str:
    """`cause, by experiment (9 runs): with a and b switched on, debian fails too; with either alone it does not.`

    With the fix behind it. Where no cause is claimed, why; empty where there was no experiment.
    """
    cause = probe.cause
    if cause is None:
        return ""
    note = first_line(cause.note)
    if not cause.found:
        return f"no cause by experiment ({_runs(cause)}): {'; '.join(filter(None, [_left(cause), note]))}."
    beside = f" ({note})" if note else ""
    fix = f" Fix: {probe.fix}." if probe.fix else ""
    return f"cause, by experiment ({_runs(cause)}): {_fails_too(cause)}; {_less(cause)}{beside}.{fix}"


def _fails_too(cause: Cause) -> str:
    return f"with {listed(cause.differences)} switched on, {cause.reference} fails too"


def _less(cause: Cause) -> str:
    """What was seen with one difference less."""
    few = {1: "without it it does not", 2: "with either alone it does not"}
    return few.get(len(cause.differences), "with any one of them left out it does not")


def _left(cause: Cause) -> str:
    return f"{_fails_too(cause)}, and no further" if cause.differences else ""


def _runs(cause: Cause) -> str:
    return f"{cause.runs} run{'' if cause.runs == 1 else 's'}"
