"""Waiting for events, never for time to pass."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.005
SLOWNESS = int(os.environ.get("ANYUNIX_SLOWNESS") or 1)
"""How many times longer everything may take here: the platform's `slowness`, where its CPU is emulated."""


class Deadline:
    """A point in time, `seconds` from now, that several waits share; later where the platform is slow."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds * SLOWNESS
        self._end = time.monotonic() + self.seconds

    def left(self) -> float:
        """Seconds left, never negative: fits `settimeout`-like and `poll`-like calls."""
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        return self.left() == 0.0


def wait_until(condition: Callable[[], T], what: str, seconds: float = 5.0) -> T:
    """The first true value of `condition`; for things that no event announces.

    Raises TimeoutError that says what it waited for.
    """
    deadline = Deadline(seconds)
    while True:
        value = condition()
        if value:
            return value
        if deadline.passed():
            raise TimeoutError(f"waited {deadline.seconds:g} s for {what}; last seen: {value!r}")
        time.sleep(min(POLL_SECONDS, deadline.left()))  # no event to wait for: poll
