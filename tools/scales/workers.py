"""A scheduler and workers of this machine, as processes or as containers with a CPU each."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from anyunix.cluster.dask_connection import DaskConnection
from anyunix.cluster.worker_description import METRIC

TOOLS = Path(__file__).resolve().parents[1]
START_SECONDS, END_SECONDS = 120.0, 60.0
LOOK_SECONDS = 0.1
SPAWNED = b"multiprocessing.spawn"
"""In the command line of the process that a nanny starts: the worker itself."""


class NotThere(Exception):
    """A scheduler or workers that did not come up."""


@dataclass
class Workers:
    """Those of one scheduler."""

    address: str
    nannies: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    """Of those that are processes."""

    def kill_one(self, turn: int) -> bool:
        """SIGKILL one worker, which its nanny then starts again; whether there was one."""
        nanny = self.nannies[turn % len(self.nannies)]
        for pid in _children(nanny.pid):
            with suppress(OSError):
                if SPAWNED in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
                    return True
        return False


@contextmanager
def workers_here(number: int, seats: int, folder: Path, *, image: str = "") -> Iterator[Workers]:
    """So many workers with so many seats each; containers with a CPU each where there is an image. Raises NotThere."""
    with ExitStack() as stack:
        log = stack.enter_context((folder / "workers.log").open("ab"))
        address = stack.enter_context(_scheduler(folder, log.fileno()))
        workers = Workers(address)
        for each in range(number):
            if image:
                stack.enter_context(_container(address, each, seats, image))
            else:
                workers.nannies.append(stack.enter_context(_worker(address, each, seats, log.fileno())))
        _wait_for(address, number)
        yield workers


@contextmanager
def _scheduler(folder: Path, log: int) -> Iterator[str]:
    file = folder / f"scheduler-{secrets.token_hex(4)}.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    with _process([*command, "--no-dashboard", "--scheduler-file", str(file)], log):
        yield _address(file)


def _address(file: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with suppress(OSError, ValueError):
            return str(json.loads(file.read_text())["address"])
        time.sleep(LOOK_SECONDS)
    raise NotThere("the scheduler did not start")


@contextmanager
def _worker(address: str, number: int, seats: int, log: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "anyunix", "worker", address, "--jobs", str(seats), "--name", f"w{number}"]
    with _process(command, log) as process:
        yield process


@contextmanager
def _container(address: str, number: int, seats: int, image: str) -> Iterator[None]:
    """Stopped by SIGINT, which a worker ends its platforms at."""
    name = f"anyunix-scale-{secrets.token_hex(4)}"
    begin = ["docker", "run", "--rm", "--detach", "--init", "--name", name, "--network", "host", "--cpus", "1"]
    tools = ["--volume", f"{TOOLS}:/tools:ro", "--env", "PYTHONPATH=/tools", "--env", "PYTHONDONTWRITEBYTECODE=1"]
    worker = [image, "anyunix", "worker", address, "--jobs", str(seats), "--name", f"c{number}"]
    done = subprocess.run([*begin, *tools, *worker], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotThere(f"docker run: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["docker", "stop", "--time", "20", name], capture_output=True, check=False)


@contextmanager
def _process(command: list[str], log: int) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "PYTHONPATH": str(TOOLS)}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(address: str, number: int) -> None:
    until = time.monotonic() + START_SECONDS
    with DaskConnection(address) as connection:
        while time.monotonic() < until:
            ready = [each for each in connection.workers().values() if METRIC in each.get("metrics", {})]
            if len(ready) == number:
                return
            time.sleep(LOOK_SECONDS)
    raise NotThere(f"not all of {number} workers came")


def _children(pid: int) -> list[int]:
    """Of all of its threads: a nanny starts its worker from one of them."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, children.read_text().split())
    return found
