"""A Dask scheduler and workers of anyunix, as processes of their own on loopback."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS, END_SECONDS = 120.0, 20.0
"""With room for a loaded machine: each imports Dask, and a worker looks at what its machine reaches."""
WAIT_SECONDS = 200.0
"""For workers to be where a test wants them."""
NO_ENGINE = "unix:///nowhere/docker.sock"
SCHEDULER = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
ALONE = ("--no-nanny", "--no-dashboard")
"""A worker that nothing starts again when it is killed."""


@dataclass
class Processes:
    """What was started, and where it is."""

    folder: Path
    address: str = ""
    key: Path | None = None
    scheduler: "subprocess.Popen[bytes] | None" = None
    workers: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    hung: list[str] = field(default_factory=list)
    """Workers that are stopped."""

    def start_worker(
        self,
        name: str,
        *,
        jobs: int = 1,
        key: Path | None = None,
        engine: str = NO_ENGINE,
        dask: tuple[str, ...] = ALONE,
        stands_for: str = "",
    ) -> None:
        """Start one; it joins later."""
        command = ["worker", self.address, "--jobs", str(jobs), "--name", name]
        command += ["--key", str(key)] if key else []
        command += ["--as", stands_for] if stands_for else []
        local = ["--local-directory", str(self.folder / f"dask-{name}")]
        environment = {"DOCKER_HOST": engine} if engine else {}
        self.workers[name] = self._start(
            name, ["anyunix", *command, f"--dask={shlex.join([*dask, *local])}"], environment
        )

    def kill(self, name: str) -> None:
        """A worker is gone from one moment to the next, with all of its processes."""
        self._signal(self.workers.pop(name), signal.SIGKILL)

    def hang(self, name: str) -> None:
        """A worker does nothing any more, and its connections stay."""
        os.killpg(self.workers[name].pid, signal.SIGSTOP)
        self.hung.append(name)

    def kill_scheduler(self) -> None:
        assert self.scheduler is not None
        self._signal(self.scheduler, signal.SIGKILL)

    def log_of(self, name: str) -> str:
        """What it has printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start_scheduler(self) -> None:
        """Start one, and wait until it has said where it listens."""
        file = self.folder / "scheduler.json"
        self.scheduler = self._start("scheduler", [*SCHEDULER, "--scheduler-file", str(file)], {})
        self.address = str(json.loads(self._written(file))["address"])

    def end(self) -> None:
        """All of it, the workers first: they take down what they have up."""
        for name in self.hung:
            self.kill(name)
        for process in self.workers.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in [*self.workers.values(), *([self.scheduler] if self.scheduler else [])]:
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS if process is not self.scheduler else 0.1)
            self._signal(process, signal.SIGKILL)

    def _start(self, name: str, module: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=self.folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _written(self, file: Path) -> str:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if file.exists() and (text := file.read_text()).rstrip().endswith("}"):
                return text
            assert self.scheduler is not None
            assert self.scheduler.poll() is None, self.log_of("scheduler")
            time.sleep(0.05)
        raise AssertionError(f"no {file.name} after {START_SECONDS:g} s: {self.log_of('scheduler')}")

    def _signal(self, process: "subprocess.Popen[bytes]", number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait()


@contextmanager
def dask_processes(folder: Path) -> Iterator[Processes]:
    """With a scheduler, and ended at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes(folder)
    try:
        processes.start_scheduler()
        yield processes
    finally:
        processes.end()


def new_key(folder: Path) -> Path:
    """A key that a client and its workers may share."""
    file = folder / "key"
    file.touch(mode=0o600)
    file.write_text(os.urandom(24).hex())
    return file


def wait_for(there: Callable[[], bool], cluster: Processes) -> None:
    """Until that is so, as long as no worker has ended by itself."""
    until = time.monotonic() + WAIT_SECONDS
    while not there():
        ended = [name for name, process in cluster.workers.items() if process.poll() is not None]
        assert not ended, {name: cluster.log_of(name) for name in ended}
        assert time.monotonic() < until, {name: cluster.log_of(name) for name in cluster.workers}
        time.sleep(0.1)
