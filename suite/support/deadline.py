"""Waiting for events, never for time to pass."""

import os
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.005
LATER_SHARE, LATER_SECONDS = 0.05, 0.05
"""How much later than it happened something may be seen: a share of the time that was waited for it, and at most."""
SLOWNESS = int(os.environ.get("ANYUNIX_SLOWNESS") or 1)
"""How many times longer everything may take here: the platform's `slowness`, where its CPU is emulated."""
WORK_SECONDS = 0.05
"""CPU time of the work that the load is measured by."""
LOADS = (1.0, 10.0)
"""Within which a load counts; over the latter a machine is of no use for probes."""
BUSIER = 1.5
"""By how much the load has to have grown for what did not come to be on its way."""


@cache
def patience() -> float:
    """How many times longer than on an idle machine everything may take here; measured once, before the first probe.

    Only deadlines grow with it: what is to happen may come later, and what is not to happen is watched for longer.
    A fact that is a duration is measured by a clock, and is not changed by it.
    """
    return SLOWNESS * min(max(load(), LOADS[0]), LOADS[1])


def load() -> float:
    """How much longer work takes than the CPU time that it needs: 1 on an idle machine, 20 where 20 share a core."""
    begun, used = time.monotonic(), time.process_time()
    while time.process_time() - used < WORK_SECONDS and time.monotonic() - begun < WORK_SECONDS * LOADS[1]:
        pass
    return (time.monotonic() - begun) / max(time.process_time() - used, WORK_SECONDS / LOADS[1])


class Deadline:
    """A point in time, `seconds` from now, that several waits share; later where the platform is slow or busy."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds * patience()
        self._end = time.monotonic() + self.seconds

    def left(self) -> float:
        """Seconds left, never negative: fits `settimeout`-like and `poll`-like calls."""
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        return self.left() == 0.0


def wait_until(condition: Callable[[], T | None], what: str, seconds: float | Deadline = 5.0) -> T:
    """The first true value of `condition`; for things that no event announces.

    Raises TimeoutError that says what it waited for.
    """
    deadline = seconds if isinstance(seconds, Deadline) else Deadline(seconds)
    begun = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        if deadline.passed():
            raise TimeoutError(f"waited {deadline.seconds:.3g} s for {what}; last seen: {value!r}")
        pause = min(max(POLL_SECONDS, LATER_SHARE * (time.monotonic() - begun)), LATER_SECONDS)
        time.sleep(min(pause, deadline.left()))  # no event to wait for: poll


def in_time(condition: Callable[[], T | None], seconds: float) -> T | None:
    """The first true value of `condition` within so long, None for none. A machine may have become busier since its
    load was measured: before anything is found missing it is measured again, and waited for that much longer.
    """
    try:
        return wait_until(condition, "it", seconds)
    except TimeoutError:
        busier = SLOWNESS * min(load(), LOADS[1]) / patience()
    try:
        return wait_until(condition, "it", seconds * (busier - 1)) if busier > BUSIER else None
    except TimeoutError:
        return None
