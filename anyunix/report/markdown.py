"""A run as GitHub-flavoured Markdown: the verdict first, then what it rests on."""

from collections.abc import Iterable, Mapping

from anyunix.analysis.compare import FactDifference, by_value, contradictions, differences, documented, shown
from anyunix.analysis.taking_back import promises_to_paste
from anyunix.report.cause_lines import cause_lines
from anyunix.report.gfm import block, code, details, table, text
from anyunix.report.kinds import HEADLINES, TO_PASTE, groups_of, source, take_back, where
from anyunix.report.likeness_lines import likeness_lines
from anyunix.report.traces import culprits, excerpt, findings, second_tries
from anyunix.report.worker_lines import worker_lines
from anyunix.results.consequences import by_cause
from anyunix.results.model import PLAIN, CellResult, Matrix, Probe, Verdict

MESSAGE_LIMIT = 4_000
"""Characters of a failure's words that are shown; all of them are in matrix.json."""
MARKS = {
    "portable": "✅",
    "portable with known differences": "✅",
    "nothing to compare with": "❔",
    "not answered": "❔",
    "promises broken": "❌",
    "flaky": "❌",
    "not portable": "❌",
}


def render(matrix: Matrix) -> str:
    """The whole page. Nothing that a platform or a subject said can be more than text in it."""
    sections = (
        "## anyunix",
        _scope(matrix),
        *(_verdict(verdict, promises_to_paste(matrix, verdict)) for verdict in matrix.verdicts),
        _problems(matrix),
        _findings(matrix),
        _tables(matrix),
        _likenesses(matrix),
        _failures(matrix),
        _differences(matrix),
        _documented(matrix),
        _contradictions(matrix),
        _not_run(matrix),
        _workers(matrix),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _verdict(verdict: Verdict, promises: list[str]) -> str:
    name = f"{text(verdict.subject)}, bind {text(verdict.bind)}"
    reasons = "".join(f"\n- {text(reason)}" for reason in verdict.because)
    parts = [MARKS[verdict.verdict], f"**{name}: {verdict.verdict}**", text(where(verdict))]
    paste = details(TO_PASTE, block("\n".join(promises))) if promises else ""
    return " ".join(filter(None, parts)) + (f"\n{reasons}" if reasons else "") + (f"\n\n{paste}" if paste else "")


def _scope(matrix: Matrix) -> str:
    """What a reader must not overlook: a part was asked for, or a platform of the baseline is missing."""
    lines = [f"Part of it: {text(matrix.part)}."] if matrix.part else []
    lines += [f"Ran in the baseline, not now: {text(', '.join(matrix.dropped))}."] if matrix.dropped else []
    return " ".join(lines)


def _problems(matrix: Matrix) -> str:
    lines = "\n".join(f"- {text(problem)}" for problem in matrix.problems)
    return f"### Expectations that do not hold\n\n{lines}" if lines else ""


def _findings(matrix: Matrix) -> str:
    lines = "\n".join(f"- {text(line)}" for line in findings(matrix))
    return f"### Memory that is used before it is set\n\n{lines}" if lines else ""


def _tables(matrix: Matrix) -> str:
    """Contracts kept / tried: one table per subject and bind mode, one row per platform that ran."""
    groups = groups_of(matrix)
    parts = []
    for (subject, bind), cells in matrix.by_subject().items():
        rows = [_row(cell, groups, matrix) for cell in cells if cell.status != "not-run"]
        if rows:
            parts += [
                f"### {text(subject)}, bind {text(bind)}: contracts kept / tried",
                table(("platform", *map(text, groups), "left out", "facts", "seconds"), rows),
            ]
    return "\n\n".join(parts)


def _row(cell: CellResult, groups: Iterable[str], matrix: Matrix) -> list[str]:
    platform = matrix.platform(cell.platform)
    name = (
        text(cell.platform)
        + (" (reference)" if cell.platform == matrix.reference else "")
        + ("" if cell.build == PLAIN else f", {text(cell.build)}")
    )
    name += " (likeness)" if platform and platform.is_likeness else ""
    name += f" (CPU emulated by {text(platform.emulator)})" if platform and platform.emulator else ""
    if cell.status == "error":
        return [name, "**error**", *["–"] * (len(list(groups)) + 2)]
    if any(probe.group == "build" for probe in cell.failures):
        return [name, "**does not build**", *["–"] * (len(list(groups)) + 2)]
    return [
        name,
        *(_kept(cell, group) for group in groups),
        str(cell.left_out or "–"),
        str(len(cell.facts)),
        f"{cell.seconds:.0f}",
    ]


def _likenesses(matrix: Matrix) -> str:
    lines = "\n".join(f"- {text(line)}" for line in likeness_lines(matrix))
    return f"### Likenesses: none of these is the system itself\n\n{lines}" if lines else ""


def _workers(matrix: Matrix) -> str:
    lines = "\n".join(f"- {text(line)}" for line in worker_lines(matrix))
    return f"### Where cells ran\n\n{lines}" if lines else ""


def _kept(cell: CellResult, group: str) -> str:
    kept, tried = len(cell.kept(group)), len(cell.tried(group))
    return "–" if not tried else f"{kept}/{tried}" if kept == tried else f"**{kept}/{tried}** ✗"


def _failures(matrix: Matrix) -> str:
    """Under a headline for each kind, what follows from a failure right behind it."""
    by_kind: dict[str, list[str]] = {}
    for own, following in by_cause(matrix):
        parts = by_kind.setdefault(HEADLINES[own[0][1].failure_kind], [])
        parts += [_failure(matrix, own, ""), *(_failure(matrix, others, own[0][1].name) for others in following)]
    return "\n\n".join("\n\n".join([f"### {headline}", *parts]) for headline, parts in by_kind.items())


def _failure(matrix: Matrix, cases: list[tuple[CellResult, Probe]], cause: str) -> str:
    """One contract, with all the cells in which it was not kept, and the words of the first of them."""
    probe, told = cases[0][1], matrix.text(cases[0][1].id)
    where = ", ".join(text(cell.name) for cell, _ in cases)
    place = code(f"{source(probe)}:{probe.line}" if probe.line else source(probe))
    lines = [f"{place}: {text(told.behaviour)}" if told and told.behaviour else place]
    lines += [f"**{text(line)}**" for line in cause_lines(matrix, cases)]
    lines += dict.fromkeys(text(case.explanation) for _, case in cases if case.explanation)
    lines += dict.fromkeys(f"Expected: {text(case.expected)}" for _, case in cases if case.expected)
    lines += [text(take_back(probe))] if take_back(probe) else []
    lines += [f"Fix: {text(probe.fix)}"] if probe.fix and not probe.explanation else []  # which has it too
    message = probe.message if len(probe.message) <= MESSAGE_LIMIT else probe.message[:MESSAGE_LIMIT] + "\n…"
    lines += map(text, second_tries(cases))
    lines += [f"Used before it is set: {code(each)}" for each in culprits(cases)]
    traces = ["\n".join([cell.name, *calls]) for cell, case in cases if (calls := excerpt(cell, case))]
    follows = f": follows from <b>{text(cause)}</b>" if cause else ""
    return details(
        f"<b>{text(probe.name)}</b> on {where}{follows}", "\n\n".join([*lines, block(message), *map(block, traces)])
    )


def _differences(matrix: Matrix) -> str:
    found = differences(matrix)
    if not found:
        return ""
    rows = [
        [code(fact.name), code(shown(fact.values[fact.base])) if fact.base else "–", _others(fact)] for fact in found
    ]
    return details(
        f"Facts that differ from {text(matrix.reference)} or are unstable: {len(found)}",
        table(("fact", text(matrix.reference), "elsewhere"), rows),
    )


def _others(fact: FactDifference) -> str:
    values: Mapping[str, object] = {name: fact.values[name] for name in fact.differing}
    lines = [f"{code(value)} {text(', '.join(names))}" for value, names in by_value(values)]
    lines += [
        f"<i>unstable: {' or '.join(code(shown(value)) for value in several)}</i> {text(name)}"
        for name, several in fact.unstable.items()
    ]
    return "<br>".join(lines)


def _documented(matrix: Matrix) -> str:
    """Kept apart from what was measured: manuals are no results."""
    found = documented(matrix)
    if not found:
        return ""
    rows = [
        [
            code(fact.name),
            code(shown(fact.values[fact.base])),
            text(name),
            code(shown(fact.documented[name].value)),
            text(fact.documented[name].source),
        ]
        for fact in found
        for name in fact.documented_to_differ
    ]
    heading = f"Not measured; by their manuals platforms that did not run differ: {len(found)}"
    return details(heading, table(("fact", "measured here", "platform", "documented", "source"), rows))


def _contradictions(matrix: Matrix) -> str:
    rows = [
        [
            code(case.name),
            text(case.platform),
            code(shown(case.measured)),
            code(shown(case.documented.value)),
            text(case.documented.source),
        ]
        for case in contradictions(matrix)
    ]
    if not rows:
        return ""
    return "### Measured otherwise than documented\n\n" + table(
        ("fact", "platform", "measured", "documented", "source"), rows
    )


def _not_run(matrix: Matrix) -> str:
    """Who did not run, or broke, and why: each reason once."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for cell in matrix.cells:
        if cell.status != "ran":
            found.setdefault((cell.status, cell.reason), {})[cell.platform] = None
    lines = [
        f"- {'**error**' if status == 'error' else 'not run'}: {', '.join(map(text, names))}: {text(reason)}"
        for (status, reason), names in found.items()
    ]
    return "### What did not run\n\n" + "\n".join(lines) if lines else ""
