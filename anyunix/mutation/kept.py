"""Platforms that stay up from cell to cell, for many small cells: what takes longest is done once."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Completed, Driver, Progress
from anyunix.errors import PlatformError
from anyunix.payload.archive import HELPERS, SUBJECT

T = TypeVar("T")
TIDY = ("rm", "-rf", "--", str(SUBJECT), str(HELPERS), "junit.xml", "finished.xml")
"""What differs from cell to cell. The suite and pytest stay, and with them the bytecode that was made there."""
TIDY_SECONDS = 30.0


class KeptPlatforms:
    """Makes drivers whose `down` hands the platform to the next cell; `end` takes all of them down."""

    def __init__(self, make: Callable[[Platform], Driver]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._idle: dict[str, list[Driver]] = {}
        self._all: list[Driver] = []

    def for_platform(self, platform: Platform) -> Driver:
        """A driver for one cell."""
        return KeptDriver(self, platform)

    def take(self, platform: Platform) -> tuple[Driver, bool]:
        """A driver, and whether its platform is up already."""
        with self._lock:
            if self._idle.get(platform.name):
                return self._idle[platform.name].pop(), True
            driver = self._make(platform)
            self._all.append(driver)
            return driver, False

    def give_back(self, platform: Platform, driver: Driver) -> None:
        """Let the next cell have it."""
        with self._lock:
            self._idle.setdefault(platform.name, []).append(driver)

    def end(self) -> None:
        """Take every platform down. Idempotent."""
        with self._lock:
            drivers, self._all, self._idle = self._all, [], {}
        for driver in drivers:
            driver.down()


class KeptDriver:
    """One cell's hold on a platform that outlives the cell, unless something went wrong there."""

    def __init__(self, kept: KeptPlatforms, platform: Platform) -> None:
        self._kept, self._platform = kept, platform
        self._lock = threading.Lock()
        self._driver, self._is_up = kept.take(platform)
        self._held, self._well = True, True
        self._calls = 0

    def available(self) -> str | None:
        return None if self._is_up else self._driver.available()

    def up(self, say: Progress) -> None:
        if not self._is_up:
            self._well = False
            self._driver.up(say)
            self._is_up = self._well = True

    def put(self, archive: Path) -> None:
        self._watched(lambda: self._driver.put(archive))

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        return self._watched(lambda: self._driver.run(argv, env=env, timeout=timeout, say=say))

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        return self._watched(lambda: self._driver.get(path, limit=limit))

    def down(self) -> None:
        """In the middle of a call, from another thread, it ends the platform; after the cell it tidies up there."""
        with self._lock:
            held, self._held = self._held, False
            busy = self._calls > 0
        if busy:
            self._driver.down()
        elif held and self._tidy():
            self._kept.give_back(self._platform, self._driver)
        elif held:
            self._driver.down()

    def _watched(self, call: Callable[[], T]) -> T:
        with self._lock:
            self._calls += 1
        try:
            done = call()
        except BaseException:
            self._well = False
            raise
        finally:
            with self._lock:
                self._calls -= 1
        if isinstance(done, Completed) and done.timed_out:
            self._well = False
        return done

    def _tidy(self) -> bool:
        """Whether the next cell can have it."""
        if not (self._is_up and self._well):
            return False
        try:
            return self._driver.run(TIDY, env={}, timeout=TIDY_SECONDS).status == 0
        except PlatformError:
            return False
