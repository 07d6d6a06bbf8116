"""Platforms that stay up from cell to cell, in real cells."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.errors import PlatformError
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.kept import KeptPlatforms

PROBE = 'def test_served(server):\n    """A contract."""\n    server.connect().close()\n'


class Made:
    """Makes local drivers, and remembers them."""

    def __init__(self, kind: Callable[[], LocalDriver] = LocalDriver) -> None:
        self._kind, self.drivers = kind, list[LocalDriver]()

    def __call__(self, platform: Platform) -> LocalDriver:
        self.drivers.append(self._kind())
        return self.drivers[-1]


class CutDriver(LocalDriver):
    """Loses its platform when results are fetched."""

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        raise PlatformError("the cable is out")


@pytest.fixture
def order(make_suite: Callable[[str], Path]) -> SuiteOptions:
    return SuiteOptions(make_suite(PROBE))


def run(subject: Subject, kept: KeptPlatforms, order: SuiteOptions, local: Platform) -> str:
    cell = Cell(subject, local, "default")
    return CellRun(cell, kept.for_platform(local), order, lambda text: None).run().status


def test_the_next_cell_has_the_same_platform_without_what_the_last_one_left(
    subject: Subject, order: SuiteOptions, local: Platform
) -> None:
    made = Made()
    kept = KeptPlatforms(made)
    try:
        assert run(subject, kept, order, local) == "ran"
        folder = made.drivers[0].folder()
        assert not (folder / "subject").exists()
        assert not (folder / "junit.xml").exists()
        assert (folder / "suite").is_dir()
        assert run(subject, kept, order, local) == "ran"
        assert len(made.drivers) == 1
    finally:
        kept.end()
    assert not folder.exists()


def test_a_platform_on_which_something_broke_is_not_used_again(
    subject: Subject, order: SuiteOptions, local: Platform
) -> None:
    made = Made(CutDriver)
    kept = KeptPlatforms(made)
    assert run(subject, kept, order, local) == "error"
    with pytest.raises(PlatformError):
        made.drivers[0].folder()
    assert run(subject, kept, order, local) == "error"
    assert len(made.drivers) == 2
