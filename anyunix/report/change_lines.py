"""Two runs compared, on a terminal: one line each, by group. Fits 100 columns."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from anyunix.analysis.changes import Change, Changes
from anyunix.report.terminal import WIDTH
from anyunix.text import first_line

LISTED = 3
"""Contracts of one cell that no longer run for the same reason are listed up to here, then counted."""


def print_changes(console: Console, changes: Changes, since: str) -> None:
    """What changed since the run called `since`: what is worse first, a summary last."""
    groups = (
        ("Newly failing", "bold red", map(_contract, changes.new_failures)),
        ("Fixed", "bold green", map(_contract, changes.fixed)),
        ("Still failing", "yellow", map(_contract, changes.still_failing)),
        ("No longer run", "yellow", _no_longer_run(changes.no_longer_run)),
        (
            "Verdicts",
            "bold",
            (f"{verdict.subject} {verdict.bind}: {verdict.new}, was {verdict.old}" for verdict in changes.verdicts),
        ),
        (
            "Facts",
            "bold",
            (f"{fact.platform} {fact.name}: {_values(fact.new)}, was {_values(fact.old)}" for fact in changes.facts),
        ),
    )
    _print(console, f"Changes since {since}", "bold")
    for title, style, lines in groups:
        listed = list(lines)
        if listed:
            _print(console, title, style)
        for line in listed:
            _print(console, line, indent="  ")
    _print(console, summary(changes), "bold")


def summary(changes: Changes) -> str:
    """`anyunix: 2 newly failing (1 accepted), 0 fixed, …; verdicts changed: 1, facts: 0`."""
    accepted = sum(bool(change.expected) for change in changes.new_failures)
    return (
        f"anyunix: {len(changes.new_failures)} newly failing{f' ({accepted} accepted)' if accepted else ''}, "
        f"{len(changes.fixed)} fixed, {len(changes.still_failing)} still failing, "
        f"{len(changes.no_longer_run)} no longer run; "
        f"verdicts changed: {len(changes.verdicts)}, facts: {len(changes.facts)}"
    )


def _contract(change: Change) -> str:
    head = f"{_cell(change)} {_short(change.probe)}"
    if change.group == "fixed":
        return head
    if change.expected:
        return f"{head}: expected: {change.expected}"
    outcome = f" ({change.new})" if change.new != "failed" and change.new is not None else ""
    message = first_line(change.message)
    return f"{head}{outcome}{f': {message}' if message else ''}"


def _no_longer_run(gone: Iterable[Change]) -> Iterator[str]:
    """One line a contract; where a whole cell is gone, one line for it."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in gone:
        groups.setdefault((_cell(change), first_line(change.message)), []).append(change)
    for (cell, reason), several in groups.items():
        failed = [change for change in several if change.failed_before]
        if len(several) > LISTED:
            yield f"{cell} {len(several)} contracts{f', {len(failed)} failed before' if failed else ''}: {reason}"
        else:
            yield from (
                f"{cell} {_short(change.probe)}{' (failed before)' if change in failed else ''}: {reason}"
                for change in several
            )


def _cell(change: Change) -> str:
    return f"{change.platform} {change.subject} {change.bind}"


def _short(probe: str) -> str:
    """`binding/test_ipv4_client_is_served`: the group and the name; file and line are in the run's own report."""
    return f"{probe.partition('/')[0]}/{probe.partition('::')[2]}"


def _values(values: tuple[Any, ...]) -> str:
    return " or ".join(json.dumps(value, ensure_ascii=False) for value in values)


def _print(console: Console, line: str, style: str = "", indent: str = "") -> None:
    """One line whatever a platform put into it; longer than the page, it ends in an ellipsis."""
    text = Text(indent + " ".join(first_line(line).split()), style)
    text.truncate(WIDTH, overflow="ellipsis")
    console.print(text, soft_wrap=True)
