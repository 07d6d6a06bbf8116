"""Runs both versions in turn, and makes the table's figures of what that cost."""

import shutil
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from msgspec import structs

from speeds.machine import busy_share
from speeds.profiles import by_probe, by_program
from speeds.record import Figure, ProbeCost, Profile, Record
from speeds.sampling import NotMeasured, Sample, sample
from speeds.versions import CannotInstall, Column, Version
from speeds.works import LINES, RUNS, Line, Run, Scene

Samples = dict[str, dict[Column, list[Sample]]]
"""Run -> column -> one sample for each round."""
Say = Callable[[str], None]


class Meter:
    """Runs the versions in turn; what was run once serves every row that wants it."""

    def __init__(self, versions: Sequence[Version], place: Path, address: str, repeats: int, say: Say) -> None:
        self._versions, self._place, self._address = versions, place, address
        self._repeats, self._say, self._number = repeats, say, 0
        self.now_only = False
        """Whether only this checkout is run."""
        self.samples: Samples = {}
        self.reasons: dict[str, str] = {}
        """Run -> why there is no sample of one version at least."""
        self.busy = 0.0
        """The largest share of the CPU time that others used when a row began."""

    def measure(self, runs: dict[str, Run]) -> None:
        """So many samples of each run, unless there are some already."""
        for name, run in runs.items():
            if name not in self.samples:
                self.samples[name] = {"before": [], "now": []}
                if run.engine and (reason := self._engine_missing):
                    self.reasons[name] = reason
                else:
                    self._rounds(name, run)

    def _rounds(self, name: str, run: Run) -> None:
        self.busy = max(self.busy, busy_share(0.5))
        versions = self._versions
        if self.now_only:
            self.reasons[name] = "left out by --now-only"
            versions = [version for version in versions if version.column == "now"]
        for number in range(min(self._repeats, run.rounds) * run.times):
            # in turn, and the other first in every second round
            for version in versions if number % 2 == 0 else versions[::-1]:
                try:
                    self.samples[name][version.column].append(self._one(version, run))
                except NotMeasured as error:
                    self.reasons.setdefault(name, f"{version.column}: {error}")
                    self._say(f"{name}, {version.column}: {error}")
        for column, several in self.samples[name].items():
            seconds = " ".join(f"{one.seconds:.2f}" for one in several)
            self._say(f"{name}, {column}: {seconds} s")

    def profile(self, subject: str, wanted: Sequence[str]) -> Profile:
        """One cell of each version, by program and by probe."""
        programs: dict[str, Mapping[str, float]] = {}
        whole: dict[str, float] = {}
        probes: dict[str, Mapping[str, ProbeCost]] = {}
        try:
            for version in self._versions:
                if "programs" in wanted:
                    programs[version.column], one = by_program(self._scene(version), subject)
                    whole[version.column] = one.cpu
                if "probes" in wanted:
                    probes[version.column] = by_probe(self._scene(version), subject)
                self._say(f"where the time goes, {subject}, {version.column}: done")
        except (NotMeasured, CannotInstall) as error:
            return Profile(programs, whole, probes, str(error))
        return Profile(programs, whole, probes)

    @cached_property
    def _engine_missing(self) -> str:
        """Asked once. With an engine, images are made and caches are filled then, before anything counts."""
        if reason := engine_missing():
            return reason
        for version in self._versions:
            try:
                self._say(f"warming up, {version.column}: {self._one(version, RUNS['one-probe']).seconds:.1f} s")
            except NotMeasured as error:
                self._say(f"warming up, {version.column}: {error}")
        return ""

    def _one(self, version: Version, run: Run) -> Sample:
        """Raises NotMeasured."""
        scene = self._scene(version)
        try:
            return sample(version.command(*run.words(scene)), scene.folder, run.accepted)
        finally:
            shutil.rmtree(scene.folder, ignore_errors=True)

    def _scene(self, version: Version) -> Scene:
        self._number += 1
        folder = self._place / f"run-{self._number}"
        folder.mkdir()
        return Scene(version, folder, self._address)


def with_row(record: Record, row: str, meter: Meter) -> Record:
    """The record with a row's figures, and with what has to be known of its runs."""
    lines = [line for line in LINES if line.row == row]
    samples = {name: meter.samples[name] for line in lines for name in line.runs}
    ways = [one.cpu_by for columns in samples.values() for several in columns.values() for one in several]
    return structs.replace(
        record,
        busy=max(record.busy, meter.busy),
        cpu_by=" and ".join(dict.fromkeys([*filter(None, [record.cpu_by]), *ways])),
        rows={**record.rows, row: tuple(figure(line, samples, meter.reasons) for line in lines)},
        notes=tuple(dict.fromkeys((*record.notes, *_notes(samples)))),
    )


def figure(line: Line, samples: Samples, reasons: Mapping[str, str]) -> Figure:
    """A line's values, one for each round in which all its runs have a sample."""

    def values(column: Column) -> tuple[float, ...]:
        rounds = min(len(samples[run][column]) for run in line.runs)
        return tuple(line.value({run: samples[run][column][number] for run in line.runs}) for number in range(rounds))

    reason = next((reasons[run] for run in line.runs if run in reasons), "")
    return Figure(line.work, line.unit, values("before"), values("now"), line.target, line.stretch, reason)


def _notes(samples: Samples) -> Iterator[str]:
    """Runs in which something failed that has to be kept; what happens with the bind mode `first` is known."""
    for name, columns in samples.items():
        for column, several in columns.items():
            if not RUNS[name].fails and (bad := [one for one in several if one.status]):
                yield f"{len(bad)} of {len(several)} runs of `{name}`, {column}, ended with status {bad[0].status}"


def engine_missing() -> str:
    """Why no Docker engine answers; empty when one does."""
    try:
        done = subprocess.run(["docker", "version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "no Docker engine"
    return "" if done.returncode == 0 else "no Docker engine answers"


class _Greets(socketserver.BaseRequestHandler):
    """Greets, and hangs up when the client does. With a server that says nothing, `check` waits for half a second."""

    def handle(self) -> None:
        self.request.sendall(b"220 here\r\n")
        while self.request.recv(4096):
            pass


@contextmanager
def waiting_server() -> Iterator[str]:
    """A server on a port of this machine: its address."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Greets) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
