"""The results of `anyunix mutation` on a terminal: faults down, platforms across. Fits 100 columns."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.mutation.faults import Fault
from anyunix.mutation.findings import Finding, MutationResults
from anyunix.text import safe

WIDTH = 100
MARKS = {
    "caught": "✓",
    "missed": "✗",
    "shows elsewhere too": "✗",
    "does not show": "·",
    "left out": "–",
    "not run": " ",
    "broke": "!",
}
STYLES = {"✓": "green", "✗": "bold red", "!": "bold yellow"}
LEGEND = "✓ caught  ✗ missed  · does not show there  – could not be tried there  ! broke  (empty) not run"


def print_faults(console: Console, faults: Iterable[Fault]) -> None:
    """One line each: name, subjects, title."""
    for fault in faults:
        console.print(Text(f"{fault.name:<24} {', '.join(fault.mutations):<10} {fault.title}"), soft_wrap=True)


def print_mutation(console: Console, tested: MutationResults, out: str) -> None:
    """The table, who caught what, the reasons, and the overall line last."""
    console.print(Text(f"Which faults are caught where ({' and '.join(tested.subjects)}, in this order)", "bold"))
    console.print(_table(tested), width=min(WIDTH, console.width))
    lines = [
        Text(LEGEND, "dim"),
        Text(),
        *_catchers(tested),
        Text(),
        *_reasons(tested),
        *_healthy(tested),
        *(Text(f"PROBLEM: {problem}", "bold red") for problem in tested.problems),
        *(Text(f"not answered: {line}", "bold yellow") for line in tested.unanswered),
        Text(f"Details: {out}/mutation.md, mutation.json, cells/"),
        Text(overall(tested), "bold"),
    ]
    for line in lines:
        line.plain = safe(line.plain)
        console.print(line, soft_wrap=not console.is_terminal)


def overall(tested: MutationResults) -> str:
    """`anyunix: mutation: c 31 of 31 faults caught, python 29 of 29 (7 platforms, 398 cells, 480 s)`"""
    counted = []
    for subject in tested.subjects:
        own = [fault.name for fault in tested.faults if tested.of(fault.name, subject)]
        caught = sum(any(found.answer == "caught" for found in tested.of(name, subject)) for name in own)
        counted.append(f"{subject} {caught} of {len(own)}")
    ran = {each.platform for each in tested.healthy if not each.reason}
    often = f", each {tested.repeat} times" if tested.repeat > 1 else ""
    return (
        f"anyunix: mutation: faults caught{often}: {', '.join(counted)} ({len(ran)} platforms ran, "
        f"{len(tested.problems)} problems, {tested.seconds:.0f} s)"
    )


def mark(found: Finding | None) -> str:
    """One character for what became of a fault; nothing for one that the subject cannot have."""
    return MARKS[found.answer] if found else " "


def short(contract: str) -> str:
    """`locking: test_…`: what a reader can find again, in less than a line."""
    group, _, rest = contract.partition("/")
    return f"{group}: {rest.partition('::')[2].removeprefix('test_')}"


def grouped(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """`(reason, who, who)`: each reason once, with all it holds for."""
    groups: dict[str, dict[str, None]] = {}
    for reason, who in found:
        groups.setdefault(reason, {})[who] = None
    return [(reason, ", ".join(who)) for reason, who in groups.items()]


def _table(tested: MutationResults) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("fault", no_wrap=True)
    for name in tested.platforms:
        table.add_column(name.replace("-", "-\n"), justify="center")
    for fault in tested.faults:
        cells = [
            Text(" ").join(_styled(tested.finding(fault.name, subject, platform)) for subject in tested.subjects)
            for platform in tested.platforms
        ]
        table.add_row(fault.name, *cells)
    return table


def _styled(found: Finding | None) -> Text:
    character = mark(found)
    return Text(character, STYLES.get(character, "dim"))


def _catchers(tested: MutationResults) -> list[Text]:
    """`no-append: locking: another_programs_record_is_not_overwritten`"""
    lines = []
    for fault in tested.faults:
        caught = dict.fromkeys(
            contract for found in tested.findings if found.fault == fault.name for contract in found.caught_by
        )
        lines.append(Text(f"{fault.name} is caught by {', '.join(map(short, caught)) or 'nothing'}"))
    return lines


def _reasons(tested: MutationResults) -> list[Text]:
    """Why a fault was not caught where it was not, each reason once."""
    pairs = [
        (f"{found.answer}: {found.fault}: {found.reason}", found.platform)
        for found in tested.findings
        if found.answer in ("left out", "does not show")
    ]
    pairs += [(f"not run: {each.reason}", each.platform) for each in tested.healthy if each.reason and not each.broke]
    pairs += [
        (f"no platform at hand shows it: {line.partition(': ')[2]}", line.partition(": ")[0])
        for line in tested.not_at_hand
    ]
    pairs += [
        (f"not for {subject}: {fault.name}: {reason}", subject)
        for fault in tested.faults
        for subject, reason in fault.inapplicable.items()
        if subject in tested.subjects
    ]
    return [Text(f"{reason} ({who})", "dim") for reason, who in grouped(pairs)]


def _healthy(tested: MutationResults) -> list[Text]:
    pairs = [
        (
            f"healthy server, bind {each.bind}: {each.kept} contracts kept"
            + (f", {len(each.failures)} FAILED" if each.failures else "")
            + (f", {each.left_out} could not be tried" if each.left_out else ""),
            f"{each.platform} {each.subject}",
        )
        for each in tested.healthy
        if not each.reason
    ]
    return [Text(f"{text}: {who}") for text, who in grouped(pairs)]
