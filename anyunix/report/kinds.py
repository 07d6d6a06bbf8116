"""The headlines that failures stand under, and the words of a verdict, the same in every report."""

from anyunix.analysis.taking_back import taken_back
from anyunix.results.model import GROUPS, ONLY_WHEN_BROKEN, Answer, FailureKind, Matrix, Probe, Verdict

HEADLINES: dict[FailureKind, str] = {
    "platform difference": "Platform differences: kept on one platform, broken on another",
    "broken promise": "Broken promises: kept on no platform that tried them",
    "flaky": "Flaky: did not fail each time",
    "": "Failures",
}
SIGNS: dict[Answer, str] = {
    "portable": "✓",
    "portable with known differences": "(✗)",
    "nothing to compare with": "✓",
    "not answered": "…",
    "promises broken": "✗",
    "flaky": "~",
    "not portable": "✗",
}
TO_PASTE = "Of these, what it is not meant to keep belongs into its file"
"""Above the lines that take promises back."""
STYLES: dict[Answer, str] = {
    "portable": "bold green",
    "portable with known differences": "bold yellow",
    "nothing to compare with": "bold yellow",
    "not answered": "bold yellow",
    "promises broken": "bold red",
    "flaky": "bold red",
    "not portable": "bold red",
}


def where(verdict: Verdict) -> str:
    """` on debian, alpine (96 of 118 contracts tried), and under the likeness like-freebsd`.

    Empty for an answer that is not about all platforms.
    """
    if not verdict.ran or not verdict.verdict.startswith("portable"):
        return ""
    short = {
        each.platform: f" ({each.tried} of {each.comparable} contracts tried)"
        for each in verdict.tried
        if each.tried < each.comparable
    }
    names = [name for name in verdict.ran if name not in verdict.likenesses]
    own = " on " + ", ".join(name + short.get(name, "") for name in names) if names else ""
    like = ", ".join(name + short.get(name, "") for name in verdict.likenesses)
    return f"{own}{', and' if own and like else ''}{f' under the likeness {like}' if like else ''}"


def take_back(probe: Probe) -> str:
    """What to write where a broken promise was never meant; empty for other failures."""
    words = taken_back(probe) if probe.failure_kind == "broken promise" else ""
    return f"not meant to be kept? Write {words} in the subject file" if words else ""


def overall(matrix: Matrix) -> str:
    """The verdicts in one line: `anyunix: portable: c dual, python dual (5 platforms ran, 2 not run)`."""
    answers = matrix.verdicts
    found = {answer: [f"{v.subject} {v.bind}" for v in answers if v.verdict == answer] for answer in reversed(SIGNS)}
    parts = [f"{answer}: {', '.join(names)}" for answer, names in found.items() if names]
    if not answers:
        parts.append("not answered: nothing ran")
    if matrix.problems:
        parts.append(f"{len(matrix.problems)} expectations do not hold")
    return f"anyunix: {'; '.join(parts)} ({'; '.join(_scope(matrix))})"


def _scope(matrix: Matrix) -> list[str]:
    """How far the answer goes: the part of the probes, the platforms, and who dropped out."""
    like = {name for verdict in matrix.verdicts for name in verdict.likenesses}
    ran = {name for verdict in matrix.verdicts for name in verdict.ran} - like
    missing = {name for verdict in matrix.verdicts for name in verdict.not_run} - matrix.documented
    scope = [f"part of it: {matrix.part}"] if matrix.part else []
    counted = [f"{len(ran)} platform{'' if len(ran) == 1 else 's'}"] if ran or not like else []
    counted += [f"{len(like)} likeness{'' if len(like) == 1 else 'es'}"] if like else []
    scope.append(f"{' and '.join(counted)} ran, {len(missing)} not run or incomplete")
    if matrix.dropped:
        scope.append(f"ran in the baseline, not now: {', '.join(matrix.dropped)}")
    return scope


def source(probe: Probe) -> str:
    """The probe's file in a repository: the suite's are below `suite/`, all others are somebody's own."""
    return f"suite/{probe.file}" if probe.group in GROUPS else probe.file


def groups_of(matrix: Matrix) -> list[str]:
    """The groups of contracts that were to be kept: the suite's in their usual order, then all others."""
    found = {probe.group for cell in matrix.cells for probe in cell.contracts} - {
        name.partition("/")[0] for name in ONLY_WHEN_BROKEN
    }
    return [*(group for group in GROUPS if group in found), *sorted(found - {*GROUPS})]
