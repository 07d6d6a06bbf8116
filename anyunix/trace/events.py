"""What a tracer wrote down, in one form for all tracers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

BEGUN = re.compile(r"(\w+)\((.*)")
CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Event:
    """One thing that a process did, or that happened to it; in the order in which they began."""

    pid: int
    kind: Literal["call", "signal", "end"]
    name: str
    """The call as the tracer names it, the signal that came, or how the process ended: `killed by SIGUSR1`."""
    arguments: tuple[str, ...] = ()
    value: str = ""
    """What the call returned; empty when it never did."""
    error: str = ""
    """The name of the error: `EADDRINUSE`."""


def call_in(text: str) -> tuple[str, tuple[str, ...], str] | None:
    """A call's name, its arguments and what stands behind it; None for what is no whole call."""
    begun = BEGUN.match(text)
    if begun is None:
        return None
    try:
        return (begun[1], *split_call(begun[2]))
    except ValueError:
        return None


def split_call(text: str) -> tuple[tuple[str, ...], str]:
    """The arguments up to the parenthesis that closes the call, and what stands behind it.

    `text` begins behind the opening one. Raises ValueError when nothing closes it.
    """
    arguments, start, end = [], 0, -1
    for place, character in _outside(text):
        if character == ",":
            arguments.append(text[start:place].strip())
            start = place + 1
        elif character == ")":
            end = place
            break
    if end == -1:
        raise ValueError("the call does not close")
    arguments.append(text[start:end].strip())
    return tuple(arguments if arguments != [""] else ()), text[end + 1 :].strip()


def _outside(text: str) -> Iterator[tuple[int, str]]:
    """The characters that are in no string, bracket or brace, with their places."""
    waiting: list[str] = []
    quote = skip = False
    for place, character in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip, quote = character == "\\", character != '"'
        elif character == '"':
            quote = True
        elif waiting and character == waiting[-1]:
            waiting.pop()
        elif character in CLOSING:
            waiting.append(CLOSING[character])
        elif not waiting:
            yield place, character
