"""What a sweep found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from anyunix.errors import EXIT_NOT_PORTABLE, EXIT_NOT_RUN, EXIT_PORTABLE

SweepAnswer = Literal["kept", "client lost", "broken", "flaky", "not reached", "not tried"]
"""`flaky`: it broke, and did not when it was made once more."""
TRIED: tuple[SweepAnswer, ...] = ("kept", "client lost", "broken", "flaky")
BAD: tuple[SweepAnswer, ...] = ("broken", "flaky")


@dataclass(frozen=True)
class Swept:
    """One injection, and what the server made of it."""

    id: str
    phase: str
    role: str
    text: str
    """`accept(socket)`."""
    call: str
    error: str
    why: str
    who: str
    """Who documents the error."""
    times: str
    answer: SweepAnswer
    how: str = ""
    """How it broke, or why it was not tried."""
    line: str = ""
    """The call as the tracer saw it."""
    trace: tuple[str, ...] = ()
    """The calls around it, of what broke."""
    difference: str = ""
    """The one of differences/ that has the evidence of who answers so; empty for none."""
    expected: str = ""
    """The reason for which it is accepted that this breaks it; empty when it is not."""

    @property
    def label(self) -> str:
        return f"{self.role}: {self.text}"


@dataclass(frozen=True)
class Sweep:
    """All injections into one server on one platform."""

    subject: str
    platform: str
    bind: str
    injections: tuple[Swept, ...] = ()
    alike: tuple[str, ...] = ()
    """Calls of processes that cannot be told from the first one's by how often they are made."""
    seconds: float = 0.0
    reason: str = ""
    """Why nothing was tried there, or not all of it; empty where all came back."""
    runtime: tuple[str, ...] = ()
    """Calls of the runtime that it is written for, which are no doing of the server's (runtimes.py)."""

    def with_answer(self, *answers: SweepAnswer) -> Sequence[Swept]:
        return [each for each in self.injections if each.answer in answers]


@dataclass(frozen=True)
class Sweeps:
    """One server on all platforms that were asked for."""

    subject: str
    bind: str
    each: tuple[Sweep, ...]
    problems: tuple[str, ...] = ()
    """What is wrong with the expectations."""
    started: str = ""
    """When, in UTC: `2026-11-28T16:33:00`."""

    @property
    def injections(self) -> Sequence[Swept]:
        return [swept for sweep in self.each for swept in sweep.injections]

    @property
    def exit_status(self) -> int:
        """0 nothing breaks it, but what is expected to · 1 something does, or an expectation does not hold · 3 on some
        platform nothing could be tried, or not all came back.
        """
        if self.problems or any(swept.answer in BAD and not swept.expected for swept in self.injections):
            return EXIT_NOT_PORTABLE
        whole = all(sweep.with_answer(*TRIED) and not sweep.reason for sweep in self.each)
        return EXIT_PORTABLE if whole else EXIT_NOT_RUN
