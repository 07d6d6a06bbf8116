"""Platforms that stay up from cell to cell: what takes longest is done once."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar

from anyunix.catalog.difference import Difference
from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Completed, Driver, Progress
from anyunix.errors import PlatformError
from anyunix.payload.archive import DIFFERENCES, HELPERS, PRISTINE, SITE, SUITE
from anyunix.run.building import Toolchain

T = TypeVar("T")
STAYS = "|".join(f"./{place}" for place in (SUITE, SITE, HELPERS, DIFFERENCES, PRISTINE))
TIDY = ("sh", "-c", f'for each in ./* ./.[!.]*; do case $each in {STAYS}) ;; *) rm -rf -- "$each" ;; esac; done')
"""All goes that a cell brought or left. The suite, pytest and what is preloaded stay, with what was compiled there,
and pristine copies of what was built.
"""
TIDY_SECONDS = 30.0


@dataclass
class Known:
    """What earlier cells found out about a platform that is still up, and what it has from them."""

    toolchains: dict[tuple[str, ...], Toolchain] = field(default_factory=dict)
    """By the tools that were asked for."""
    has_suite: bool = False
    """With pytest and the helpers of the probes."""
    switched_on: list[Difference] = field(default_factory=list)
    """Those that were on together with others, or alone: what they need is compiled, and can be on there."""
    builds: set[str] = field(default_factory=set)
    """The keys of what was built there and is kept."""
    spoiled: bool = False
    """What happened there would be seen in the next cell, too: the kernel counts what the memory limit killed."""


class KeptPlatforms:
    """Makes drivers whose `down` hands the platform to the next cell; `end` takes all of them down."""

    def __init__(self, make: Callable[[Platform], Driver]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._idle: dict[str, list[tuple[Driver, Known]]] = {}
        self._all: list[Driver] = []

    def __enter__(self) -> "KeptPlatforms":
        return self

    def __exit__(self, *raised: object) -> None:
        self.end()

    def for_platform(self, platform: Platform) -> "KeptDriver":
        """A driver for one cell."""
        return KeptDriver(self, platform)

    def take(self, platform: Platform) -> tuple[Driver, Known | None]:
        """A driver, and what is known of its platform; None when that is not up."""
        with self._lock:
            if idle := self._idle.get(platform.machine or platform.name):
                return idle.pop()
            driver = self._make(platform)
            self._all.append(driver)
            return driver, None

    def give_back(self, platform: Platform, driver: Driver, known: Known) -> None:
        """Let the next cell have it."""
        with self._lock:
            self._idle.setdefault(platform.machine or platform.name, []).append((driver, known))

    def end(self) -> None:
        """Take every platform down, all at a time: an engine needs a while for each. Idempotent."""
        with self._lock:
            drivers, self._all, self._idle = self._all, [], {}
        if drivers:
            with ThreadPoolExecutor(max_workers=len(drivers)) as pool:
                list(pool.map(lambda driver: driver.down(), drivers))


class KeptDriver:
    """One cell's hold on a platform that outlives the cell, unless something went wrong there."""

    def __init__(self, kept: KeptPlatforms, platform: Platform) -> None:
        self._kept, self._platform = kept, platform
        self._lock = threading.Lock()
        self._driver, known = kept.take(platform)
        self.known, self._is_up = known or Known(), known is not None
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
            self._kept.give_back(self._platform, self._driver, self.known)
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
        if not (self._is_up and self._well) or self.known.spoiled:
            return False
        try:
            return self._driver.run(TIDY, env={}, timeout=TIDY_SECONDS).status == 0
        except PlatformError:
            return False
