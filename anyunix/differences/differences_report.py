"""What came of a server under differences, on the terminal and as JSON."""

import json
from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anyunix.catalog.difference import TITLES
from anyunix.differences.outcomes import SwitchedOn, Tryout, answer_for
from anyunix.differences.selecting import QUICK_SECONDS
from anyunix.results.model import GROUPS
from anyunix.text import first_line

STYLES = {"kept": "green", "broken": "bold red", "not tried": "yellow", "untouched": "dim"}
NAMED = 3
"""Broken contracts that a row names; the JSON has them all."""


def print_tryout(console: Console, tryout: Tryout) -> None:
    """A row for each difference and each system, what breaks, and a line for each system."""
    title = f"{tryout.subject}, bind {tryout.bind}, on {tryout.platform}: contracts kept / tried with it"
    console.print(Text(title, "bold"), soft_wrap=True)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("difference", no_wrap=True)
    found = sorted({name.partition("/")[0] for name in tryout.contracts})
    groups = [*(group for group in GROUPS if group in found), *(group for group in found if group not in GROUPS)]
    for group in groups:
        table.add_column(group, justify="right", no_wrap=True)
    table.add_column("")
    for name, tried in tryout.alone.items():
        table.add_row(name, *_counts(tried, groups), _state(tried))
    table.add_section()
    for system, tried in tryout.together.items():
        count = f"all {len(tried.differences)} of {TITLES[system]}"
        table.add_row(count, *_counts(tried, groups), _state(tried))
    console.print(table)
    for line in notes(tryout):
        console.print(Text(line, "yellow"), soft_wrap=True)
    for what, tried in _each(tryout):
        for probe in tried.broken:
            console.print(Text(f"{what} breaks {probe.id}", "bold red"), soft_wrap=True)
            console.print(Text(f"  {said(probe.message)}"), soft_wrap=True)
    for system in tryout.systems:
        answer = answer_for(tryout, system)
        style = "bold red" if "would break" in answer else "bold green" if ": kept all" in answer else "bold yellow"
        console.print(Text(answer, style), soft_wrap=True)


def notes(tryout: Tryout) -> list[str]:
    """What a reader must not overlook: what was not tried and why, what is flaky, what there was no time for."""
    lines = []
    if tryout.not_kept:
        lines.append(
            f"not kept on {tryout.platform} without any difference, so not tried: {_few(_names(tryout.not_kept))}"
        )
    if tryout.too_long:
        lines.append(f"takes more than {QUICK_SECONDS} s, so not tried with --quick: {_few(_names(tryout.too_long))}")
    if untouched := [name for name, tried in tryout.alone.items() if tried.state == "untouched"]:
        lines.append(f"untouched, for the server makes none of the calls that they are about: {', '.join(untouched)}")
    by_reason: dict[str, list[str]] = {}
    for name, tried in tryout.alone.items():
        if tried.state == "not tried":
            by_reason.setdefault(tried.problem or "every contract was left out", []).append(name)
    lines += [f"not tried: {', '.join(names)}: {first_line(reason)}" for reason, names in by_reason.items()]
    for what, tried in _each(tryout):
        own = [name for name, word in tried.contracts.items() if word == "not tried"]
        if own and tried.state != "not tried":
            lines.append(f"{what}: not on in every server of {_few(_names(own))}, so not tried there")
        if flaky := [name for name, word in tried.contracts.items() if word == "flaky"]:
            lines.append(f"{what}: does not fail each time: {_few(_names(flaky))}")
    if tryout.quick:
        lines.append(
            "--quick: with each difference alone were tried only the contracts that name its facts, and that the "
            "server serves and ends"
        )
    partly = [(what, tried.state) for what, tried in _each(tryout) if not tried.complete]
    if no_time := [what for what, state in partly if state != "broken"]:
        lines.append(f"there was no time for all contracts with {', '.join(no_time)}; --seconds gives more")
    if broken := [what for what, state in partly if state == "broken"]:
        lines.append(f"tried with no more contracts once something broke: {', '.join(broken)}")
    return lines


def as_json(tryout: Tryout) -> str:
    """The same, for programs."""
    return json.dumps(
        {
            "subject": tryout.subject,
            "platform": tryout.platform,
            "bind": tryout.bind,
            "seconds": round(tryout.seconds, 1),
            "contracts": tryout.contracts,
            "not_kept_without": tryout.not_kept,
            "too_long": tryout.too_long,
            "quick": tryout.quick,
            "differences": {name: _data(tried) for name, tried in tryout.alone.items()},
            "systems": {
                system: {
                    "answer": answer_for(tryout, system),
                    "known": len(tryout.of(system)),
                    "tried": tryout.emulated(system),
                    "together": _data(tryout.together[system]) if system in tryout.together else None,
                    "causes": [
                        {"contract": each.probe.id, "differences": each.differences, "minimal": each.minimal}
                        for each in tryout.causes.get(system, ())
                    ],
                }
                for system in tryout.systems
            },
        },
        indent=1,
    )


def _data(tried: SwitchedOn) -> dict[str, object]:
    return {
        "state": tried.state,
        "differences": tried.differences,
        "contracts": dict(tried.contracts),
        "problem": tried.problem,
        "complete": tried.complete,
        "broken": {probe.id: said(probe.message) for probe in tried.broken},
    }


def said(message: str) -> str:
    """The exception of a failure in one line."""
    lines = [line[1:].strip() for line in message.splitlines() if line.startswith("E ")]
    return first_line(lines[0] if lines else message)


def _counts(tried: SwitchedOn, groups: Iterable[str]) -> list[Text]:
    found = []
    for group in groups:
        words = [word for name, word in tried.contracts.items() if name.startswith(f"{group}/")]
        own = [word for word in words if word in ("kept", "broken", "flaky")]
        kept = own.count("kept")
        style = "dim" if not own else "green" if kept == len(own) else "bold red"
        found.append(Text(f"{kept}/{len(own)}{'' if kept == len(own) else ' ✗'}" if own else "–", style))
    return found


def _each(tryout: Tryout) -> list[tuple[str, SwitchedOn]]:
    """All that was switched on, and what to call it."""
    return [*tryout.alone.items(), *((f"all of {TITLES[system]}", each) for system, each in tryout.together.items())]


def _state(tried: SwitchedOn) -> Text:
    if tried.state == "kept" and "flaky" in tried.contracts.values():
        return Text("kept, or flaky", "yellow")
    return Text(tried.state, STYLES[tried.state])


def _names(contracts: Iterable[str]) -> list[str]:
    return [name.partition("::")[2] for name in contracts]


def _few(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
