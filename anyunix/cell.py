"""One subject on one platform, start to finish, always cleaned up."""

import shlex
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from anyunix.catalog import Platform, Subject
from anyunix.cross import build_helpers, build_subject, compiler_name, missing
from anyunix.drivers.base import Completed, Driver, Say
from anyunix.errors import NotRun, PlatformError
from anyunix.junit import XML_LIMIT, BadResults, read_junit
from anyunix.payload import HELPERS, SUBJECT, SUITE, write_payload
from anyunix.repeats import merge_repeats
from anyunix.results import CellResult, Probe
from anyunix.supervised import run_supervised

PYTHON = (3, 10)
LOOK_SECONDS = 30.0
BUILD_SECONDS = 300.0
SUITE_SECONDS = 900.0
JUNIT = PurePosixPath("junit.xml")
PYTEST_RAN = (0, 1)
"""pytest's exit statuses for a run that came to its end: all passed, some failed."""
PYTEST_NOTHING = 5

LOOK = """\
command -v python3 >/dev/null || {{ echo no-python; exit 0; }}
python3 -c 'import sys; print("python", *sys.version_info[:2])'
for tool in {tools}; do command -v "$tool" >/dev/null || echo "missing $tool"; done
! command -v cc >/dev/null || echo "compiler $(cc --version 2>/dev/null | head -n 1)"
"""


@dataclass(frozen=True)
class Cell:
    """What is to be run where."""

    subject: Subject
    platform: Platform
    bind: str

    @property
    def name(self) -> str:
        return f"{self.platform.name} {self.subject.name} {self.bind}"

    def without_answer(self, status: str, reason: str) -> CellResult:
        return CellResult(self.subject.name, self.platform.name, self.bind,
                          "not-run" if status == "not-run" else "error", reason)


@dataclass(frozen=True)
class Look:
    """What the platform has, asked before anything is sent there."""

    missing: tuple[str, ...]
    compiler: str


@dataclass(frozen=True)
class Order:
    """How the suite is to be run, the same for all cells."""

    suite: Path
    expression: str = ""
    """pytest's -k."""
    seconds: float = SUITE_SECONDS
    """For one run of the suite."""
    repeat: int = 1


class CellRun:
    """Runs a cell once. `junit` (one file a repeat) and `log` hold what came back, for whoever keeps it."""

    def __init__(self, cell: Cell, driver: Driver, order: Order, say: Say) -> None:
        self.cell, self.log = cell, ""
        self.junit: list[bytes] = []
        self._driver, self._order, self._say = driver, order, say

    def run(self) -> CellResult:
        """Never raises for what a platform or a subject does: that is the result."""
        started = time.monotonic()
        try:
            result = self._run()
        except NotRun as reason:
            result = self.cell.without_answer("not-run", str(reason))
        except (PlatformError, BadResults) as error:
            result = self.cell.without_answer("error", str(error))
        finally:
            self._driver.down()
        return replace(result, seconds=time.monotonic() - started)

    def _run(self) -> CellResult:
        if reason := self._driver.available():
            raise NotRun(reason)
        self._say("starting the platform")
        self._driver.up(self._say)
        look = self._look()
        with tempfile.TemporaryDirectory(prefix="anyunix-") as name:
            built = self._cross_build(look, Path(name))
            self._say("sending the payload")
            archive = Path(name) / "payload.tar"
            write_payload(archive, self._order.suite, self.cell.subject, built)
            self._driver.put(archive)
        result = CellResult(self.cell.subject.name, self.cell.platform.name, self.cell.bind, "ran")
        if self.cell.subject.build:
            here = bool(look.missing)
            result = replace(result, compiler=compiler_name(self.cell.platform.cross) if here else look.compiler)
            if not here and (failed := self._build()):
                return replace(result, probes=(failed,))
        runs = [self._probe(number) for number in range(1, self._order.repeat + 1)]
        return replace(result, probes=merge_repeats(runs))

    def _look(self) -> Look:
        """Ask for Python, the tools that the subject needs, and the compiler. Raises NotRun."""
        tools = " ".join(map(shlex.quote, self.cell.subject.needs)) or "sh"
        done = self._driver.run(["sh", "-c", LOOK.format(tools=tools)], env={}, timeout=LOOK_SECONDS)
        said = [line.split() for line in done.stdout.splitlines() if line.strip()]
        version = next((words[1:3] for words in said if words[0] == "python"), None)
        if version is None:
            raise NotRun(f"no python3 on {self.cell.platform.name}: the suite needs Python 3.10 or newer there")
        if not all(word.isdigit() for word in version) or tuple(map(int, version)) < PYTHON:
            raise NotRun(f"python3 on {self.cell.platform.name} is {'.'.join(version)}; the suite needs 3.10 or newer")
        return Look(tuple(words[1] for words in said if words[0] == "missing" and len(words) > 1),
                    next((" ".join(words[1:]) for words in said if words[0] == "compiler"), ""))

    def _cross_build(self, look: Look, folder: Path) -> dict[PurePosixPath, Path]:
        """Build here what the platform cannot build: path in the payload -> program. Raises NotRun."""
        subject, target = self.cell.subject, self.cell.platform.cross
        built: dict[PurePosixPath, Path] = {}
        if look.missing:
            lacking = f"no {' and no '.join(look.missing)} on {self.cell.platform.name}"
            if not subject.build or not target:
                raise NotRun(lacking)
            if reason := missing():
                raise NotRun(f"{lacking}, and {reason}")
            self._say(f"cross-building the subject for {target}")
            built |= {SUBJECT / path: file for path, file in build_subject(subject, target, folder).items()}
        if not look.compiler and target and missing() is None:  # without them those facts skip, with the reason
            self._say(f"cross-building the suite's helpers for {target}")
            helpers = build_helpers(self._order.suite, target, folder / "helpers")
            built |= {HELPERS / path: file for path, file in helpers.items()}
        return built

    def _build(self) -> Probe | None:
        """Build the subject there. One that does not build is not portable: that is a contract too."""
        self._say("building the subject")
        done = self._supervised(self.cell.subject.build, BUILD_SECONDS, SUBJECT)
        if done.status == 0:
            return None
        why = "took too long" if done.timed_out else f"exit status {done.status}"
        return Probe("build/subject::builds", "contract", "failed",
                     f"{shlex.join(self.cell.subject.build)}: {why}\n{done.stderr}{done.stdout}"[-4000:])

    def _probe(self, number: int) -> tuple[Probe, ...]:
        """Run the suite once and fetch its results. Raises PlatformError, BadResults."""
        repeat = f"run {number} of {self._order.repeat}: " if self._order.repeat > 1 else ""
        command = ["python3", "-m", "pytest", "-v", "--color=no", f"--rootdir={SUITE}", "-c", f"{SUITE}/pytest.ini",
                   f"--junitxml={JUNIT}", str(SUITE)]
        if self._order.expression:
            command += ["-k", self._order.expression]
        self._say(f"{repeat}starting the probes")
        done = self._supervised(command, self._order.seconds, PurePosixPath(), say=_progress(self._say, repeat))
        last = next((line for line in reversed(done.stdout.splitlines()) if "::" in line), "none")
        if done.timed_out:
            raise PlatformError(f"the suite did not end within {self._order.seconds:g} s; "
                                f"the last probe was {last.split()[0]}")
        if done.status == PYTEST_NOTHING:
            raise NotRun(f"no probe matches -k {self._order.expression!r}; `anyunix list probes` shows them all")
        if done.status not in PYTEST_RAN:
            said = " | ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-3:])
            raise PlatformError(f"pytest ended with status {done.status} after {last.split()[0]}: {said}")
        self.junit.append(self._driver.get(JUNIT, limit=XML_LIMIT))
        probes = read_junit(self.junit[-1])
        if not probes:
            raise BadResults("the results hold no probe")
        return probes

    def _supervised(self, command: Sequence[str], seconds: float, folder: PurePosixPath,
                    say: Say | None = None) -> Completed:
        done = run_supervised(self._driver, command, seconds, folder=folder,
                              environment={"ANYUNIX_BIND": self.cell.bind}, say=say)
        self.log += f"$ {shlex.join(command)}\n{done.stdout}{done.stderr}"
        return done


def _progress(say: Say, repeat: str) -> Callable[[str], None]:
    """Turns pytest's verbose lines into `12% of the probes, last test_…`."""

    def line(text: str) -> None:
        if "::" in text and "%]" in text:
            say(f"{repeat}{text.rsplit('[', 1)[-1].strip(' ]')} of the probes, last {text.split('::')[-1].split()[0]}")

    return line
