"""Which process here is which there, where chance decides who of several does what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from anyunix.trace.steps import Step

Steps = Mapping[str, Sequence[Step]]
CHILD = re.compile(r"\bchild (\d+)")
"""A child of the first process: in its role, in those of its own children, in what others do to it."""


def paired(here: Steps, there: Steps) -> dict[str, Sequence[Step]]:
    """The steps here, with the children of the first process renamed after those there that did the same.

    Which of several workers that wait side by side gets a client is chance.
    """
    ours, left = _families(here), _families(there)
    unused = (str(number) for number in count(1) if str(number) not in _families(there))
    took: dict[str, str] = {}
    for number, did in ours.items():
        same = [each for each in (number, *left) if left.get(each) == did]
        if same:
            took[number] = same[0]
            del left[same[0]]
    for number in ours:
        if number not in took:
            took[number] = number if number in left else next(iter(left), "") or next(unused)
            left.pop(took[number], None)
    return {_renamed(role, took): [_told(step, took) for step in steps] for role, steps in here.items()}


def _families(steps: Steps) -> dict[str, list[str]]:
    """Number of a child -> what it and its own children did, but for what chance decides."""
    found: dict[str, list[str]] = {}
    for role, each in steps.items():
        if match := CHILD.match(role):
            found.setdefault(match[1], []).extend(CHILD.sub("child", step.text) for step in each if not step.soft)
    return found


def _renamed(text: str, took: Mapping[str, str]) -> str:
    return CHILD.sub(lambda match: f"child {took.get(match[1], match[1])}", text)


def _told(step: Step, took: Mapping[str, str]) -> Step:
    """A fork of the first process keeps its number, which is the order in which they came about."""
    return step if step.text.startswith("fork() = ") else replace(step, text=_renamed(step.text, took))
