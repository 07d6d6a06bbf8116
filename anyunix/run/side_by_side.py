"""Work on many platforms at once, ended cleanly when the user has enough."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, TypeVar

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Driver
from anyunix.host.interrupts import uninterrupted

T = TypeVar("T")
LOOK_SECONDS = 0.5
DOWN_SECONDS = 20.0
"""How long an interrupted run waits for its platforms to be down."""
CLEAN_UP_SECONDS = 3.0
"""How long it then waits for its threads; one in the middle of an image build does not end sooner."""


class DriversInUse:
    """Makes drivers, and takes all of them down at once when that has to be."""

    def __init__(self, make: Callable[[Platform], Driver]) -> None:
        self._make, self._lock, self._over = make, threading.Lock(), False
        self._drivers: list[tuple[str, Driver]] = []

    def make(self, name: str, platform: Platform) -> Driver | None:
        """One for whoever is called `name`: in time to be taken down, or None because it is too late for that."""
        with self._lock:
            if self._over:
                return None
            driver = self._make(platform)
            self._drivers.append((name, driver))
            return driver

    @property
    def over(self) -> bool:
        """Whether platforms are being taken down: what comes of one from now on says nothing about what ran there."""
        with self._lock:
            return self._over

    def all_down(self, futures: Sequence["Future[Any]"]) -> None:
        """Take all platforms down side by side: one that is slow to end holds up no other; then wait for the work."""
        with self._lock:
            self._over = True

        def down(driver: Driver) -> None:
            with suppress(Exception):  # an interrupt has no result to say it in; what stays is looked for at the end
                driver.down()

        threads = [(name, threading.Thread(target=down, args=[driver], daemon=True)) for name, driver in self._drivers]
        with uninterrupted(lambda: [name for name, thread in threads if thread.is_alive()]):
            end = time.monotonic() + DOWN_SECONDS
            for _, thread in threads:
                thread.start()
            for _, thread in threads:
                thread.join(max(0.0, end - time.monotonic()))
            wait([future for future in futures if not future.cancelled()], timeout=CLEAN_UP_SECONDS)


def side_by_side(
    tasks: Sequence[Callable[[], T]], jobs: int, interrupted: Callable[[Sequence["Future[T]"]], None]
) -> list[T]:
    """Do the tasks, `jobs` at a time; their results in the tasks' order.

    On KeyboardInterrupt, or when a task raises, `interrupted` has to end what is under way, and the exception goes on.
    """
    pool = ThreadPoolExecutor(max_workers=jobs)
    futures: list[Future[T]] = []
    try:
        for task in tasks:  # inside: the first run, and can be interrupted, from here on
            futures.append(pool.submit(task))
        pending = set(futures)
        while pending:  # with a time limit: a signal that comes just before a wait does not end it
            done, pending = wait(pending, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        interrupted(futures)
        raise
    pool.shutdown()
    return [future.result() for future in futures]
