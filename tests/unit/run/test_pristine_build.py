"""What was built stays on a platform for later cells: as it was built, and for the same sources and commands alone."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anyunix.catalog.builds import Build
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver
from anyunix.results.model import BUILDS, CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from anyunix.run.kept import KeptPlatforms
from anyunix.run.pristine_build import build_key

SERVED = "group/test_probes.py::test_served"
PROBE = 'def test_served(server):\n    """A contract."""\n    server.connect().close()\n'
WRITES_INTO_ITS_FOLDER = """\
import os, sys
if os.path.exists("used"):
    sys.exit("somebody was here before")
open("used", "w").close()
"""


@dataclasses.dataclass
class OnOnePlatform:
    """Cells of a subject whose build is counted, on a platform that stays up."""

    kept: KeptPlatforms
    subject: Subject
    local: Platform
    options: SuiteOptions
    driver: LocalDriver

    def run(self, build: Build | None = None) -> CellResult:
        cell = Cell(self.subject, self.local, "default", build or Build(), probes=(SERVED,))
        driver = self.kept.for_platform(self.local)
        return CellRun(cell, driver, self.options, lambda text: None, driver.known).run()

    def outcomes(self, times: int) -> list[str]:
        return [probe.outcome for _ in range(times) for probe in self.run().probes]

    def builds(self) -> int:
        return len((self.subject.folder / "count").read_text())

    def builds_by(self, command: str) -> None:
        count = self.subject.folder / "count"
        count.touch()
        self.subject = dataclasses.replace(self.subject, build=("sh", "-ec", f"printf x >> {count}; {command}"))


@pytest.fixture
def here(subject: Subject, local: Platform, make_suite: Callable[[str], Path]) -> Iterator[OnOnePlatform]:
    source = subject.folder / "server.py"
    source.write_text(WRITES_INTO_ITS_FOLDER + source.read_text())
    driver = LocalDriver()
    with KeptPlatforms(lambda platform: driver) as kept:
        found = OnOnePlatform(kept, subject, local, SuiteOptions(make_suite(PROBE)), driver)
        found.builds_by("cp server.py built.py")
        found.subject = dataclasses.replace(found.subject, start=("{python}", "built.py", "{port}"))
        yield found


def test_it_is_built_once_and_no_server_finds_what_another_one_wrote(here: OnOnePlatform) -> None:
    assert here.outcomes(3) == ["passed"] * 3
    assert here.builds() == 1
    (kept,) = (here.driver.folder() / "built").iterdir()
    assert sorted(file.name for file in kept.iterdir()) == ["built.py", "server.py"]


def test_changed_sources_are_built_anew(here: OnOnePlatform) -> None:
    assert here.outcomes(1) == ["passed"]
    (here.subject.folder / "server.py").write_text("raise SystemExit('changed')\n")
    assert here.outcomes(1) == ["error"]
    assert here.builds() == 2


def test_another_command_or_compiler_is_another_build(here: OnOnePlatform) -> None:
    plain, other = Build(), dataclasses.replace(here.subject, build=("make",))
    keys = {
        build_key(here.subject, plain),
        build_key(other, plain),
        build_key(here.subject, Build("poisoned", ("-O2",))),
        build_key(here.subject, Build(compiler="clang")),
    }
    assert len(keys) == 4
    assert build_key(here.subject, Build()) in keys


def test_a_build_that_failed_is_not_kept(here: OnOnePlatform) -> None:
    here.builds_by("exit 3")
    assert [probe.id for _ in range(2) for probe in here.run().probes] == [BUILDS] * 2
    assert here.builds() == 2
    assert not (here.driver.folder() / "built").exists()


def test_a_build_is_not_kept_that_made_something_elsewhere(here: OnOnePlatform) -> None:
    """It goes with the cell, so that a copy of the subject's folder would not be all that was built."""
    here.builds_by('cp server.py built.py; touch "$HOME/.made"')
    assert here.outcomes(2) == ["passed"] * 2
    assert here.builds() == 2
    assert not (here.driver.folder() / ".made").exists()
