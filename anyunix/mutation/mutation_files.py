"""mutation.json and mutation.md."""

from collections.abc import Iterable

import msgspec

from anyunix import __version__
from anyunix.mutation.faults import Fault
from anyunix.mutation.findings import Finding, MutationResults
from anyunix.mutation.mutation_report import LEGEND, grouped, mark, overall
from anyunix.report.gfm import code, table, text

SCHEMA = 1


def encode(tested: MutationResults) -> bytes:
    """The content of mutation.json."""
    document = {
        "schema": SCHEMA,
        "anyunix": __version__,
        **msgspec.to_builtins(tested),
        "problems": tested.problems,
        "unanswered": tested.unanswered,
        "exit_status": tested.exit_status,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def render(tested: MutationResults) -> str:
    """The content of mutation.md: the table, then each fault with its lesson and who caught it where."""
    sections = [
        "# Deliberate faults, and the contracts that catch them",
        f"Each fault is put into a copy of the server and run against the contracts that have to fail for it; "
        f"the healthy servers keep all of these contracts on the same platforms. {text(LEGEND)}. "
        f"Each place: {' and '.join(map(text, tested.subjects))}.",
        table(("fault", *map(text, tested.platforms)), map(lambda fault: _row(tested, fault), tested.faults)),
        text(overall(tested)),
        _problems(tested),
        _healthy(tested),
        *(_fault(tested, fault) for fault in tested.faults),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _row(tested: MutationResults, fault: Fault) -> Iterable[str]:
    yield f"[{text(fault.name)}](#{fault.name})"
    for platform in tested.platforms:
        yield " ".join(mark(tested.finding(fault.name, subject, platform)) for subject in tested.subjects)


def _problems(tested: MutationResults) -> str:
    lines = [f"- **{text(line)}**" for line in [*tested.problems, *tested.unanswered]]
    return "\n".join(lines)


def _healthy(tested: MutationResults) -> str:
    pairs = [
        (
            f"{each.kept} kept, {len(each.failures)} failed, {each.left_out} could not be tried"
            if not each.reason
            else f"not run: {text(each.reason)}",
            f"{text(each.platform)} {text(each.subject)}",
        )
        for each in tested.healthy
    ]
    return "Healthy servers, contracts:\n\n" + "\n".join(f"- {what}: {who}" for what, who in grouped(pairs))


def _fault(tested: MutationResults, fault: Fault) -> str:
    lines = [f"## {text(fault.name)}", f"{_sentence(text(fault.title))} {text(fault.lesson)}"]
    points = [point for subject in tested.subjects for point in _points(fault, subject, tested.of(fault.name, subject))]
    return "\n\n".join([*lines, "\n".join(f"- {point}" for point in points)])


def _points(fault: Fault, subject: str, own: list[Finding]) -> Iterable[str]:
    if subject in fault.inapplicable:
        yield f"{text(subject)}: not possible: {text(fault.inapplicable[subject])}"
    for contract, platforms in grouped((contract, found.platform) for found in own for contract in found.caught_by):
        yield f"{text(subject)}: caught by {code(contract)} on {text(platforms)}"
    for reason, platforms in grouped(
        (f"{found.answer}: {found.reason}", found.platform) for found in own if found.answer != "caught"
    ):
        yield f"{text(subject)}: {text(reason)} ({text(platforms)})"


def _sentence(words: str) -> str:
    return f"**{words[:1].upper()}{words[1:]}.**"
