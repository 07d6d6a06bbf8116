"""One answer of the system's changed, and what makes it happen: strace (injector.py) or an object (inside.py)."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Injection:
    """What is to happen once, or from then on."""

    id: str
    phase: str
    """starting, serving or ending."""
    call: str
    """As whoever makes it happen names it."""
    error: str
    """What it answers: EMFILE; or `half` or `one` for a transfer of half, or of one byte, instead of all."""
    when: int
    """Which of these calls of a process, counted from its start, or from the end of the starting phase."""
    lasting: bool
    """Whether it goes on for a while."""
    who: str
    """`first` process, `children` that are there once it is ready, those that come `later`; or all `threads` of the
    first process but its first."""
    path: str = ""
    """The only file that it is about, below the folder of the probe; then only those calls count. Empty for all."""
    by: str = "strace"
    """Or `preload`: what makes it happen."""
    kind: str = ""
    """`client` or `pipe` where only calls about such count; for an object to preload."""
    after: bool = False
    """Whether the call is made all the same, and the error comes then."""
    impossible: str = ""
    """Why it cannot be made to happen; empty for one that can."""

    @property
    def short(self) -> bool:
        """Whether less is transferred than was asked for: that is no error."""
        return self.error in SHORT


SHORT = ("half", "one")


class CannotInject(Exception):
    """Why nothing can be changed in a server here."""


class Injector(Protocol):
    """Makes an injection happen."""

    @property
    def wrapper(self) -> tuple[str, ...]:
        """To be put in front of a server whose start is looked at."""

    @property
    def beforehand(self) -> tuple[str, ...]:
        """To be put in front of one that is looked at once it runs."""

    def attached(self, first: int, children: Sequence[int]) -> AbstractContextManager[None]:
        """A server that runs is looked at until the end. Raises CannotInject."""

    def check(self, pid: int) -> None:
        """Raises CannotInject where a process that was started with it could not have been looked at."""

    def lines(self) -> list[str]:
        """The calls that were seen meanwhile, as strace writes them."""

    def hit(self) -> str:
        """The call to which it happened, as strace writes one; empty when it did not."""

    def another(self) -> str:
        """Where it has happened as well, to a call about another descriptor: strace counts the calls of each process by
        itself, those of a program that one of them starts among them. Empty for nowhere.
        """

    def hits(self) -> int:
        """How often it has."""
