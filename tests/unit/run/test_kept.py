"""Platforms that stay up from cell to cell: used again when all went well, taken down when not."""

import threading
from collections.abc import Callable, Mapping, Sequence

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Completed, Progress
from anyunix.drivers.local import LocalDriver
from anyunix.errors import PlatformError
from anyunix.run.kept import KeptPlatforms


class Made:
    """Makes local drivers, and remembers them."""

    def __init__(self, kind: Callable[[], LocalDriver] = LocalDriver) -> None:
        self._kind, self.drivers = kind, list[LocalDriver]()

    def __call__(self, platform: Platform) -> LocalDriver:
        self.drivers.append(self._kind())
        return self.drivers[-1]


class StuckDriver(LocalDriver):
    """Its `run` ends only by `down`."""

    def __init__(self) -> None:
        super().__init__()
        self.running, self.is_down = threading.Event(), threading.Event()

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        self.running.set()
        self.is_down.wait(30)
        raise PlatformError("gone")

    def down(self) -> None:
        self.is_down.set()
        super().down()


def test_two_cells_at_a_time_have_a_platform_each(local: Platform) -> None:
    made = Made()
    kept = KeptPlatforms(made)
    first, second = kept.for_platform(local), kept.for_platform(local)
    for driver in (first, second):
        driver.up(lambda text: None)
    assert made.drivers[0].folder() != made.drivers[1].folder()
    kept.end()


def test_down_in_the_middle_of_a_call_ends_the_platform(local: Platform) -> None:
    made = Made(StuckDriver)
    driver = KeptPlatforms(made).for_platform(local)
    driver.up(lambda text: None)
    stuck = made.drivers[0]
    assert isinstance(stuck, StuckDriver)

    def call() -> None:
        with pytest.raises(PlatformError):
            driver.run(["true"], env={}, timeout=20)

    ended = threading.Thread(target=call)
    ended.start()
    assert stuck.running.wait(10)
    driver.down()
    ended.join(10)
    assert stuck.is_down.is_set()
    assert not ended.is_alive()
