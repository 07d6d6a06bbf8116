"""What a sweep found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from anyunix.errors import EXIT_NOT_PORTABLE, EXIT_NOT_RUN, EXIT_PORTABLE

SweepAnswer = Literal["kept", "client lost", "broken", "not reached", "not tried"]
TRIED: tuple[SweepAnswer, ...] = ("kept", "client lost", "broken")


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


@dataclass(frozen=True)
class Sweep:
    """All injections into one server on one platform."""

    subject: str
    platform: str
    bind: str
    injections: tuple[Swept, ...]
    alike: tuple[str, ...]
    """Calls of processes that cannot be told from the first one's by how often they are made."""
    seconds: float

    def with_answer(self, *answers: SweepAnswer) -> Sequence[Swept]:
        return [each for each in self.injections if each.answer in answers]

    @property
    def broken(self) -> Sequence[Swept]:
        return self.with_answer("broken")

    @property
    def exit_status(self) -> int:
        """0 nothing breaks it · 1 something does · 3 nothing could be tried."""
        if self.broken:
            return EXIT_NOT_PORTABLE
        return EXIT_PORTABLE if self.with_answer(*TRIED) else EXIT_NOT_RUN
