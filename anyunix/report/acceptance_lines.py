"""What `anyunix accept` did, on a terminal: each file, with the entries that it got."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from anyunix.analysis.acceptance import Acceptance, Draft
from anyunix.text import first_line


def print_acceptances(console: Console, found: Sequence[Acceptance]) -> None:
    """One block per file."""
    for acceptance in found:
        _print_one(console, acceptance)
    if not found:
        console.print("nothing to accept: no contract failed unexpectedly")


def _print_one(console: Console, acceptance: Acceptance) -> None:
    count = len(acceptance.added)
    done = (
        f"{count} {'entry' if count == 1 else 'entries'} added, with the reason TODO: replace it"
        if count
        else "nothing added: each failure has an entry already"
    )
    lines = [Text(f"{acceptance.path}: {done}", "bold")]
    lines += [Text(f"  {_name(draft)}") for draft in acceptance.added]
    lines += [
        Text(f"  has an entry that does not cover it, change that by hand: {_name(draft)}", "yellow")
        for draft in acceptance.uncovered
    ]
    for line in lines:
        console.print(line, soft_wrap=True)


def _name(draft: Draft) -> str:
    return first_line(f"{draft.entry.platform} {draft.entry.probe} (bind {', '.join(draft.entry.binds)})")
