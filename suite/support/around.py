"""What a tracer wrote down around an injection, as short as a fact has to be (anyunix/results/junit.py)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

BEFORE, AFTER = 3, 5
"""Calls of the same process."""
WIDTH = 140
LIMIT = 1_900
"""Characters of a fact's value, as JSON; a longer one than 2,000 is refused, and all results with it."""
CUTS = (400, 200, 100, 50)


def around(lines: Sequence[str], hit: str, folder: Path) -> list[str]:
    """The calls that the process of the line `hit` made before it and behind it. Paths are those below `folder`."""
    own = [line for line in lines if process_of(line) == process_of(hit)]
    at = own.index(hit) if hit in own else 0
    shown = [line.replace(f"{folder}/", "")[:WIDTH] for line in own[max(0, at - BEFORE) : at + AFTER + 1]]
    while len(json.dumps(shown)) > LIMIT:
        shown.pop()
    return shown


def process_of(line: str) -> str:
    """Its number, where strace follows several; else nothing."""
    word = line.partition(" ")[0]
    return word if word.isdigit() else ""


def as_fact(texts: Mapping[str, str]) -> str:
    """Texts as JSON, each cut where they are too long for a fact."""
    cut = (json.dumps({name: text[:length] for name, text in texts.items()}) for length in CUTS)
    return next(text for text in cut if len(text) <= LIMIT)
