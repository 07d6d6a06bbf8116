"""One subject on one platform, start to finish, always cleaned up."""

import json
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from anyunix.catalog.builds import Build
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cross.shared_builds import CrossBuilds
from anyunix.drivers.base import Completed, Driver, Progress
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from anyunix.host.environment import passed_on
from anyunix.host.scratch import scratch
from anyunix.host.unexpected import unexpected, whole_story
from anyunix.payload.archive import SITE, SUITE, write_payload
from anyunix.payload.supervised import left_behind, run_supervised
from anyunix.results.consequences import resolve
from anyunix.results.junit import XML_LIMIT, BadResults, read_junit
from anyunix.results.model import BUILDS, Artifacts, CellId, CellResult, Probe, Status
from anyunix.results.repeats import merge_repeats
from anyunix.run.building import (
    Toolchain,
    build_there,
    compiler_of,
    cross_build,
    cross_helpers,
    cross_objects,
    look_at,
    why_not_built,
)
from anyunix.run.durations import Durations
from anyunix.run.emulator_limits import leave_out
from anyunix.run.exhausted import exhausted
from anyunix.run.facts_once import FactsOnce, WhoMeasures
from anyunix.run.fitting import why_not_there
from anyunix.run.kept import STAYS, Known
from anyunix.run.planned import AUTOLOAD_OFF, PYTEST, Plans, deviation, only
from anyunix.run.pristine_build import BUILDS_KEPT, build_key, keep_build, take_build
from anyunix.run.start import SCRIPT, start_once
from anyunix.run.switch_on import SWITCH_ON, switch_on
from anyunix.run.unfinished import FINISHED, Unfinished, finished_probes, why_unfinished

SUITE_SECONDS = 900.0
PROBE_SECONDS = 60
"""For one probe, as in suite/pytest.ini."""
JUNIT, RECORDS = PurePosixPath("junit.xml"), PurePosixPath("records.json")
RECORDS_LIMIT = 64 * 1024 * 1024
"""Bytes of what a tool wrote down that are read at most."""
KILLED_BY_MEMORY = "killed by the memory limit"
"""In what suite/support/memory.py puts before a failure."""


@dataclass(frozen=True)
class Cell:
    """What is to be run where."""

    subject: Subject
    platform: Platform
    bind: str
    build: Build = field(default_factory=Build)
    probes: tuple[str, ...] = ()
    """The IDs of the only probes to run; empty for all."""
    tool: str = ""
    """What the server runs under, `trace` or `memcheck` (suite/support/tool.py); empty for nothing."""

    @property
    def name(self) -> str:
        return self.id.name + (f" under {self.tool}" if self.tool else "")

    @property
    def id(self) -> CellId:
        return self.result("not-run").id

    @property
    def key(self) -> str:
        """Its result's."""
        return self.id.key

    def result(self, status: Status, reason: str = "") -> CellResult:
        """The cell's result before there are probes, or without any."""
        return CellResult(self.subject.name, self.platform.name, self.bind, status, reason, self.build.name)


@dataclass(frozen=True)
class SuiteOptions:
    """How the suite is to be run, the same for all cells."""

    suite: Path
    expression: str = ""
    """pytest's -k."""
    seconds: float = SUITE_SECONDS
    """For one run of the suite."""
    repeat: int = 1
    plans: Plans = field(default_factory=Plans, compare=False)
    cross_builds: CrossBuilds = field(default_factory=CrossBuilds, compare=False)
    """Whoever makes options for cells that may need some ends them."""
    facts: WhoMeasures = field(default_factory=FactsOnce, compare=False)
    durations: Durations = field(default_factory=Durations, compare=False)
    workers: int = 0
    """Probes side by side in a cell; 0 for as many as the platform's CPUs can take."""
    probe_seconds: int = PROBE_SECONDS
    """For one probe."""
    hears: Callable[[str, Progress], None] | None = field(default=None, compare=False)
    """Who is told each line of the suite's, the results among them as they come (heard_probe), and says what goes on;
    None for the usual percentages."""


class CellRun:
    """Runs a cell once. `artifacts` holds what came back, for whoever keeps it."""

    def __init__(
        self, cell: Cell, driver: Driver, options: SuiteOptions, progress: Progress, known: Known | None = None
    ) -> None:
        """`known` is what earlier cells found out about a platform that is still up."""
        self.cell, self.artifacts = cell, Artifacts()
        self._driver, self._options, self._progress = driver, options, progress
        self._known, self._stays_up = known or Known(), known is not None
        self._build_key = ""
        """Under which what is built stays on the platform; empty where it does not."""
        self._planned: tuple[str, ...] = ()
        self._measures = False
        """Whether this cell is the one of its platform that measures the facts."""

    def run(self) -> CellResult:
        """Never raises for what a platform or a subject does: that is the result."""
        started = time.monotonic()
        try:
            result = self._run_and_end()
        except NotRun as reason:
            result = self.cell.result("not-run", str(reason))
        except Unfinished as error:
            result = replace(self.cell.result("error", str(error)), probes=error.probes)
        except (PlatformError, BadResults) as error:
            result = self.cell.result("error", str(error))
        except ConfigurationError:
            raise  # the user's, and the same in every cell
        except Exception as error:  # a library's, or our own: the other cells go on
            self.artifacts = replace(self.artifacts, log=f"{self.artifacts.log}{whole_story(error)}")
            result = self.cell.result("error", unexpected(error))
        if self._measures and not self._brought_facts(result):
            self._options.facts.give_up(self.cell.platform.name)
        return replace(result, seconds=time.monotonic() - started, left_behind=left_behind(self.artifacts.log))

    def _run_and_end(self) -> CellResult:
        try:
            return self._run()
        finally:
            self._driver.down()

    def _run(self) -> CellResult:
        if unfit := why_not_there(self.cell.subject, self.cell.platform):
            raise NotRun(unfit)
        if reason := self._driver.available():
            raise NotRun(reason)
        plan = self._options.plans.begin(self._options.suite, self._options.expression)
        self._progress("starting the platform")
        self._driver.up(self._progress)
        toolchain = self._look()
        self._planned = self._plan(plan.result())
        if self._stays_up and self.cell.subject.build and not toolchain.missing:
            self._build_key = build_key(self.cell.subject, self.cell.build)
        self._send(toolchain)
        if not self._planned and (self._measures or self.cell.probes):
            raise NotRun(f"no probe matches -k {self._options.expression!r}; `anyunix list probes` shows them all")
        result = replace(
            self.cell.result("ran"), compiler=compiler_of(toolchain, self.cell.platform, self.cell.subject)
        )
        if self.cell.subject.build and not toolchain.missing and (failed := self._build()):
            return replace(result, probes=(failed,))
        if any(each not in self._known.switched_on for each in self.cell.platform.switched_on):
            self._switch_on()
        if not self.cell.probes and (failed := self._start()):
            return replace(result, probes=(failed,))
        runs: list[tuple[Probe, ...]] = []
        for number in range(1, self._options.repeat + 1) if self._planned else ():  # else all were facts, and are known
            try:
                runs.append(self._probe(number))
            except Unfinished as error:
                raise Unfinished(str(error), merge_repeats(runs) if runs else error.probes) from error
        if self.cell.tool:
            self.artifacts = replace(self.artifacts, records=self._driver.get(RECORDS, limit=RECORDS_LIMIT))
        return replace(result, probes=resolve(merge_repeats(runs)))

    def _look(self) -> Toolchain:
        """What the platform has. Raises NotRun, PlatformError."""
        needs, known = self.cell.subject.needs, self._known.toolchains
        if needs not in known:
            known[needs] = look_at(self._driver, self.cell.platform, self.cell.subject)
        return known[needs]

    def _plan(self, collected: Sequence[str]) -> tuple[str, ...]:
        """The probes that are to come back: those that were asked for, else all, with the facts in one cell only."""
        if self.cell.probes:
            return only(collected, self.cell.probes)
        self._measures = self._options.facts.claim(self.cell.platform.name)
        facts = () if self._measures else self._options.plans.facts(self._options.suite)
        return tuple(probe for probe in collected if probe.partition("[")[0] not in facts)

    def _send(self, toolchain: Toolchain) -> None:
        """The payload, with what was built here because the platform cannot. Raises NotRun, PlatformError."""
        cell = self.cell
        suite = None if self._known.has_suite else self._options.suite
        with scratch() as folder:
            builds = self._options.cross_builds
            built = cross_build(toolchain, cell.platform, cell.subject, cell.build, builds, self._progress)
            if suite is not None:
                built |= cross_helpers(toolchain, cell.platform, suite, builds, self._progress)
            built |= cross_objects(toolchain, cell.platform, builds, self._progress)
            self._progress("sending the payload")
            archive = folder / "payload.tar"
            subject = replace(cell.subject, files=()) if self._build_key in self._known.builds else cell.subject
            write_payload(archive, suite, subject, built, self._planned, cell.platform.switched_on)
            self._driver.put(archive)
        self._known.has_suite = True

    def _build(self) -> Probe | None:
        """Build the subject there. One that does not build is not portable: that is a contract too."""
        subject, platform, key = self.cell.subject, self.cell.platform, self._build_key
        if key in self._known.builds:
            take_build(self._driver, key, platform.slowness)
            return None
        self._progress("building the subject")
        done = build_there(self._driver, platform, subject, self.cell.build)
        self._log(subject.build, done)
        if done.status == 0:
            if (
                key
                and len(self._known.builds) < BUILDS_KEPT
                and keep_build(self._driver, key, STAYS, platform.slowness)
            ):
                self._known.builds.add(key)
            return None
        return Probe(BUILDS, "contract", "failed", why_not_built(subject, done))

    def _switch_on(self) -> None:
        """Compile there what is preloaded. Raises NotRun, PlatformError."""
        self._progress("switching the differences on")
        done = switch_on(self._driver, self.cell.platform.slowness, for_facts="fact" in self._apart())
        self._log(["python3", str(SWITCH_ON)], done)
        self._known.switched_on += self.cell.platform.switched_on

    def _start(self) -> Probe | None:
        """Start the subject once: where it cannot, no probe could say more than that."""
        self._progress("starting the subject once")
        failed, done = start_once(self._driver, self.cell.bind, self.cell.platform.slowness, self._passed_on())
        self._log(["python3", str(SCRIPT)], done)
        return failed

    def _probe(self, number: int) -> tuple[Probe, ...]:
        """Run the suite once and fetch its results. Raises PlatformError, BadResults."""
        found = [probe for kind in self._apart() for probe in self._probe_kind(kind, number)]
        if reason := deviation(self._planned, (probe.id for probe in found)):
            raise BadResults(reason)
        place = {probe: number for number, probe in enumerate(self._planned)}
        probes = tuple(sorted(found, key=lambda probe: place[probe.id]))  # they come as they end
        return leave_out(probes, self.cell.platform.emulator_limits, self.cell.platform.emulator)

    def _apart(self) -> tuple[str, ...]:
        """The kinds of probes that need processes of their own: facts measure under the differences that are on,
        while of a contract only the server is. Otherwise all run together.
        """
        facts = self._options.plans.facts(self._options.suite)
        if not self.cell.platform.switched_on:
            return ("" if self.cell.probes or self._measures else "contract",)
        kinds = {"fact" if probe.partition("[")[0] in facts else "contract" for probe in self._planned}
        return tuple(sorted(kinds, reverse=True))

    def _probe_kind(self, kind: str, number: int) -> tuple[Probe, ...]:
        """Run the probes of one kind, or all of them. Raises PlatformError, BadResults."""
        repeat = f"run {number} of {self._options.repeat}: " if self._options.repeat > 1 else ""
        under = ["python3", str(SWITCH_ON)] if kind == "fact" else []
        command = [
            *under,
            "env",
            AUTOLOAD_OFF,
            "python3",
            *PYTEST,
            "-v",
            f"--rootdir={SUITE}",
            "-c",
            f"{SUITE}/pytest.ini",
            f"--junitxml={JUNIT}",
            *(str(SUITE / each) for each in self.cell.probes or self._files()),
        ]
        slowness = self.cell.platform.slowness
        seconds = self._options.seconds * slowness
        if (probe_seconds := self._options.probe_seconds * slowness) != PROBE_SECONDS:
            command += ["--timeout", str(probe_seconds)]
        if self._options.expression:
            command += ["-k", self._options.expression]
        self._progress(f"{repeat}starting the probes")
        done = run_supervised(
            self._driver,
            command,
            seconds,
            say=self._listener(repeat),
            python_path=(SITE, SUITE) if under else (SITE,),
            environment={**self._passed_on(), **self._suite_environment(), "ANYUNIX_KIND": kind},
        )
        self._log(command, done)
        if reason := why_unfinished(done, seconds):
            raise self._unfinished(reason)
        junit = self._driver.get(JUNIT, limit=XML_LIMIT)
        self.artifacts = replace(self.artifacts, junit=(*self.artifacts.junit, junit))
        probes = read_junit(junit)
        self._options.durations.add(probes)
        self._known.spoiled = any(KILLED_BY_MEMORY in probe.message for probe in probes)
        return probes

    def _files(self) -> Sequence[str]:
        """Of the probes that an expression chooses: to read the others would take longer than most probes do."""
        if not self._options.expression:
            return ("",)
        return tuple(dict.fromkeys(probe.partition("::")[0] for probe in self._planned))

    def _listener(self, repeat: str) -> Callable[[str], None]:
        if (hears := self._options.hears) is None:
            return _percentages(self._progress, repeat)
        return lambda line: hears(line, self._progress)

    def _suite_environment(self) -> dict[str, str]:
        """What the suite's own files read (suite/conftest.py, suite/support)."""
        one_port = bool(self.cell.subject.starting.port)  # which two servers cannot have at a time
        side_by_side = {
            "ANYUNIX_WORKERS": "1" if one_port else str(self._options.workers),
            "ANYUNIX_LONGEST": json.dumps(self._options.durations.longest()),
        }
        return {
            "ANYUNIX_BIND": self.cell.bind,
            "ANYUNIX_TOOL": self.cell.tool,
            "ANYUNIX_SLOWNESS": str(self.cell.platform.slowness),
            "ANYUNIX_FINISHED": str(FINISHED),
            **({"ANYUNIX_ALOUD": "1"} if self._options.hears else {}),
            **({} if self.cell.tool else side_by_side),  # a tool's records are one file
        }

    def _brought_facts(self, result: CellResult) -> bool:
        facts = self._options.plans.facts(self._options.suite)
        wanted = {probe for probe in self._planned if probe.partition("[")[0] in facts}
        return result.status == "ran" and wanted <= {probe.id for probe in result.probes}

    def _unfinished(self, reason: str) -> Unfinished:
        """With what ran out there, if anything did, and with the probes that had ended until then."""
        ran_out = exhausted(self._driver, self.cell.platform)
        junit, probes = finished_probes(self._driver, self._planned)
        if probes:
            self.artifacts = replace(self.artifacts, junit=(*self.artifacts.junit, junit))
        return Unfinished(
            "; ".join(
                [
                    *filter(None, [ran_out]),
                    reason.removesuffix(": "),
                    f"{len(probes)} of {len(self._planned)} probes came back",
                ]
            ),
            leave_out(probes, self.cell.platform.emulator_limits, self.cell.platform.emulator),
        )

    def _passed_on(self) -> dict[str, str]:
        return passed_on(self.cell.subject.pass_env, here=self.cell.platform.options.is_this_machine)

    def _log(self, command: Sequence[str], done: Completed) -> None:
        log = f"{self.artifacts.log}$ {shlex.join(command)}\n{done.stdout}{done.stderr}"
        self.artifacts = replace(self.artifacts, log=log)


def _percentages(progress: Progress, repeat: str) -> Callable[[str], None]:
    """Turns pytest's verbose lines into `12% of the probes, last test_…`."""

    def line(text: str) -> None:
        if "::" in text and "%]" in text:
            progress(
                f"{repeat}{text.rsplit('[', 1)[-1].strip(' ]')} of the probes, last {text.split('::')[-1].split()[0]}"
            )

    return line
