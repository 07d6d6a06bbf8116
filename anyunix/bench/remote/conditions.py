"""What is switched on for a server that is measured, and for nothing else: differences of its platform."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Conditions:
    """Nothing is on by default."""

    front: tuple[str, ...] = ()
    """What goes in front of the server's command."""
    before_exec: Callable[[], None] | None = None
    """What a process does to itself before it becomes that command."""
    why_not: Callable[[Sequence[int]], str] = lambda processes: ""
    """Why processes of the server do not have all of it; empty when they do."""


NOTHING_ON = Conditions()
