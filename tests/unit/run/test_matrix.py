"""Many cells: in order, side by side, and down at once when interrupted."""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.base import Completed, Progress
from anyunix.drivers.local import LocalDriver, LocalOptions
from anyunix.errors import PlatformError
from anyunix.results.model import Artifacts, CellResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.matrix import cells_of, run_cells

PROBE = 'def test_one(fact):\n    """A fact."""\n    fact("one", 1)\n'


class Recorder:
    """Watcher and keeper in one."""

    def __init__(self) -> None:
        self.finished: list[str] = []
        self.kept: list[str] = []

    def begins(self, cells: Sequence[Cell]) -> None:
        """Nobody counts."""

    def says(self, cell: Cell, text: str) -> None:
        """Nobody listens."""

    def done(self, cell: Cell, result: CellResult) -> None:
        self.finished.append(result.platform)

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        self.kept.append(result.platform)


class StuckDriver(LocalDriver):
    """Its `run` ends only by `down`."""

    def __init__(self, running: threading.Event) -> None:
        super().__init__()
        self._running, self.is_down = running, threading.Event()

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        self._running.set()
        self.is_down.wait(30)
        raise PlatformError("gone")

    def down(self) -> None:
        self.is_down.set()
        super().down()


class BrokenDriver(LocalDriver):
    """Loses its platform on the way."""

    def put(self, archive: Path) -> None:
        raise PlatformError("the cable is out")

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        raise PlatformError("the cable is out")


def platform(name: str) -> Platform:
    return Platform(name, name, LocalOptions())


@pytest.fixture
def options(make_suite: Callable[[str], Path]) -> SuiteOptions:
    return SuiteOptions(make_suite(PROBE))


def test_every_subject_on_every_platform_in_every_mode(subject: Subject) -> None:
    cells = cells_of([subject], [platform("a"), platform("b")], ["default"])
    assert [cell.name for cell in cells] == ["a tiny default", "b tiny default"]


def test_results_keep_the_order_and_one_broken_cell_stops_no_other(subject: Subject, options: SuiteOptions) -> None:
    recorder = Recorder()
    cells = cells_of([subject], [platform("a"), platform("broken"), platform("c")], [])
    results = run_cells(
        cells,
        lambda p: BrokenDriver() if p.name == "broken" else LocalDriver(),
        options,
        jobs=2,
        watcher=recorder,
        keeper=recorder,
    )
    assert [(result.platform, result.status) for result in results] == [
        ("a", "ran"),
        ("broken", "error"),
        ("c", "ran"),
    ], [result.reason for result in results]
    assert results[1].reason == "the cable is out"
    assert sorted(recorder.finished) == sorted(recorder.kept) == ["a", "broken", "c"]


def test_a_driver_that_cannot_be_made_stops_no_other_cell(subject: Subject, options: SuiteOptions) -> None:
    def make(p: Platform) -> LocalDriver:
        if p.name == "broken":
            raise ConnectionError(111, "Connection refused")
        return LocalDriver()

    cells = cells_of([subject], [platform("broken"), platform("c")], [])
    results = run_cells(cells, make, options, jobs=1, watcher=Recorder(), keeper=Recorder())
    assert [(result.status, result.reason) for result in results] == [("error", "Connection refused"), ("ran", "")]


def test_an_interrupt_takes_every_platform_down_within_5_seconds(subject: Subject, options: SuiteOptions) -> None:
    running = [threading.Event(), threading.Event()]
    drivers = [StuckDriver(event) for event in running]
    waiting = list(drivers)
    pressed: list[float] = []

    def press_ctrl_c() -> None:
        for event in running:
            event.wait(10)
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press_ctrl_c, daemon=True).start()
    cells = cells_of([subject], [platform("a"), platform("b"), platform("never")], [])
    with pytest.raises(KeyboardInterrupt):
        run_cells(cells, lambda _: waiting.pop(0), options, jobs=2, watcher=Recorder(), keeper=Recorder())
    assert all(driver.is_down.is_set() for driver in drivers)
    assert time.monotonic() - pressed[0] < 5


class Impatient(StuckDriver):
    """Somebody presses Ctrl-C once more while it goes down."""

    def down(self) -> None:
        if not self.is_down.is_set():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)  # the main thread gets to its handler
        super().down()


def test_a_second_ctrl_c_names_what_is_going_down_and_breaks_nothing(
    subject: Subject, options: SuiteOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    running = threading.Event()
    driver = Impatient(running)

    def press_ctrl_c() -> None:
        running.wait(10)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press_ctrl_c, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_cells(
            cells_of([subject], [platform("a")], []),
            lambda _: driver,
            options,
            jobs=1,
            watcher=Recorder(),
            keeper=Recorder(),
        )
    assert driver.is_down.is_set()
    with pytest.raises(PlatformError):
        driver.folder()
    assert "anyunix: still removing a tiny default\n" in capsys.readouterr().err


def test_after_an_interrupt_no_driver_is_made(subject: Subject, options: SuiteOptions) -> None:
    """Where one is in the making when the interrupt comes, it is taken down like the others."""
    made: list[LocalDriver] = []

    def make(platform: Platform) -> LocalDriver:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)  # the main thread is interrupted, and waits
        made.append(LocalDriver())
        return made[-1]

    cells = cells_of([subject], [platform(name) for name in "abc"], [])
    with pytest.raises(KeyboardInterrupt):
        run_cells(cells, make, options, jobs=1, watcher=Recorder(), keeper=Recorder())
    assert len(made) == 1
    with pytest.raises(PlatformError, match="is down"):
        made[0].up(lambda text: None)
