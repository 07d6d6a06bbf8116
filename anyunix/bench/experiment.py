"""One run: a server on one CPU, the load on another, and what the server's processes used meanwhile."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anyunix.bench.servers import Server
from anyunix.bench.usage import Usage, memory_of, usage_of
from anyunix.errors import PlatformError
from anyunix.text import first_line

READY_SECONDS = 10
SAMPLE_SECONDS = 0.5
WARM_UP_SECONDS = 1.0
END_SECONDS = 30
KEPT = 0.99
"""Of the bytes that were due: below it the rate was not kept."""
MESSAGE_BYTES = 8


@dataclass(frozen=True)
class Point:
    """What is measured, and under which load."""

    server: str
    form: str
    connections: int
    write_bytes: int
    rate: float
    """Bits a second, for each connection."""
    seconds: float
    repeat: int = 1


@dataclass(frozen=True)
class Measured:
    """What came of it."""

    point: Point
    samples: tuple[float, ...] = ()
    """CPU of the server's tree, in per cent of one CPU, every half a second after the warm-up."""
    invalid: str = ""
    """Why this run says nothing; empty when it does."""
    sent_bytes: int = 0
    load_percent: float = 0.0
    """CPU of the load generator."""
    processes: int = 0
    memory_bytes: int = 0
    calls_a_message: float = 0.0
    switches_a_message: float = 0.0
    """Context switches, voluntary and not."""


def measure(point: Point, server: Server, load: Path, cpus: tuple[int, int]) -> Measured:
    """Run it. The server is pinned to the first CPU, the load to the second. A server that dies is an invalid run."""
    try:
        with _started(server, point.form, cpus[0]) as (process, port):
            return _under_load(point, process, port, load, cpus[1])
    except PlatformError as error:
        return Measured(point, invalid=str(error))


@contextmanager
def _started(server: Server, form: str, cpu: int) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """A server, and its port; it and all its processes are gone afterwards. Raises PlatformError."""
    process = subprocess.Popen(["taskset", "-c", str(cpu), *server.command, form], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stderr is not None
        said = process.stderr.readline() if select.select([process.stderr], [], [], READY_SECONDS)[0] else ""
        if not said.startswith("READY "):
            raise PlatformError(f"{server.name} does not start: {first_line(said) or 'it says nothing'}")
        yield process, int(said.rpartition(":")[2])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stderr:
            process.stderr.close()


def _under_load(point: Point, process: "subprocess.Popen[str]", port: int, load: Path, cpu: int) -> Measured:
    """Raises PlatformError."""
    seconds = point.seconds + WARM_UP_SECONDS
    generator = subprocess.Popen(
        ["taskset", "-c", str(cpu), str(load), "127.0.0.1", str(port), str(point.connections), f"{point.rate:.0f}",
         str(point.write_bytes), f"{seconds:g}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        seen = _samples(process, generator, point.seconds)
        out, errors = generator.communicate(timeout=seconds + END_SECONDS)
    except subprocess.TimeoutExpired:
        raise PlatformError(f"the load does not end within {seconds + END_SECONDS:g} s: the server does not read on") \
            from None
    finally:
        generator.kill()
        generator.wait()
    if generator.returncode:
        raise PlatformError(first_line(errors) or f"the load ended with status {generator.returncode}")
    said = json.loads(out)
    before, after = seen.before, seen.after
    messages = max(1.0, said["sent_bytes"] / MESSAGE_BYTES * seen.seconds / said["seconds"])
    switches = after.voluntary + after.involuntary - before.voluntary - before.involuntary
    return Measured(point, seen.samples, _invalid(said, process, seen.samples), said["sent_bytes"],
                    100 * said["cpu_seconds"] / said["seconds"], after.processes, seen.memory,
                    (after.calls - before.calls) / messages, switches / messages)


@dataclass(frozen=True)
class _Seen:
    """Usage after the warm-up and at the end, so many seconds later, and what was between."""

    before: Usage
    after: Usage
    seconds: float
    samples: tuple[float, ...]
    memory: int


def _samples(process: "subprocess.Popen[str]", generator: "subprocess.Popen[str]", seconds: float) -> _Seen:
    begun = time.monotonic() + WARM_UP_SECONDS
    _sleep_until(begun, generator)
    first = before = usage_of(process.pid)
    first_time = last_time = time.monotonic()
    samples, memory = [], 0
    for number in range(1, int(seconds / SAMPLE_SECONDS)):  # the last one could be after the load's end
        _sleep_until(begun + number * SAMPLE_SECONDS, generator)
        now, usage = time.monotonic(), usage_of(process.pid)
        samples.append(100 * (usage.cpu_seconds - before.cpu_seconds) / (now - last_time))
        before, last_time = usage, now
        memory = memory or memory_of(process.pid)
    return _Seen(first, before, last_time - first_time, tuple(samples), memory)


def _sleep_until(due: float, generator: "subprocess.Popen[str]") -> None:
    """Until then, or until the load has ended before its time."""
    left = due - time.monotonic()
    if left > 0:
        try:
            generator.wait(left)
        except subprocess.TimeoutExpired:
            return


def _invalid(said: dict[str, float], process: "subprocess.Popen[str]", samples: tuple[float, ...]) -> str:
    if process.poll() is not None:
        return f"the server died: exit status {process.returncode}"
    if said["sent_bytes"] < KEPT * said["expected_bytes"]:
        share = 100 * said["sent_bytes"] / max(1.0, said["expected_bytes"])
        return f"the rate was not kept: {share:.0f} % of what was due went out"
    if said["consumed"] < said["connections"]:
        return f"{said['connections'] - said['consumed']:.0f} connections were not read to their end"
    return "" if samples else "too short for a sample"
