"""One run: a server on its CPUs, the load on others, and what the server's processes used meanwhile."""

import json
import os
import resource
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from .cgroup import ControlGroup, own_group
from .conditions import NOTHING_ON, Conditions
from .meter import Meter, has_schedstat
from .syscalls import counted_calls
from .tree import Usage, tree_of

READY_SECONDS = 10
SAMPLE_SECONDS = 0.5
WARM_UP_SECONDS = 1.0
END_SECONDS = 30
BEYOND = 1.5
"""Of all that the CPUs can give: a sample above it is an error, more than clock ticks and late looks explain."""
KEPT = 0.99
"""Of the bytes that were due: below it the rate was not kept."""
AT_THE_START = ("sh", "-c", 'read -r go && exec "$@" </dev/null', "sh")
"""Waits for a line, so that its CPUs, its group and the count of its calls are set before the server begins."""


class NotMeasured(Exception):
    """Says why."""


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
    """Why this run is discarded; empty for a valid one."""
    sent_bytes: int = 0
    load_percent: float = 0.0
    """CPU of the load generator."""
    processes: int = 0
    memory_bytes: int = 0
    calls_a_write: float | None = None
    """System calls, for each write of the load; None where they cannot be counted."""
    voluntary_a_write: float | None = None
    """Context switches; None where they cannot be counted, as with ps."""
    involuntary_a_write: float | None = None
    source: str = ""
    """Where the CPU times come from: a control group, /proc or ps."""
    differences: tuple[str, ...] = ()
    """That were on in the server."""


def measure(
    point: Point, command: Sequence[str], load: str, cpus: int = 1, conditions: Conditions = NOTHING_ON
) -> Measured:
    """Run it. The server gets so many of this process's CPUs, the load the rest.

    A server that dies, or that loses what is switched on for it, is an invalid run.
    """
    own, others = split_cpus(cpus)
    try:
        allow_descriptors()
        with own_group() as group, started([*command, point.form], own, group, conditions) as (process, port, meter):
            found = _under_load(point, process, port, meter, [load], others, conditions)
    except (NotMeasured, OSError, ValueError) as error:
        return Measured(point, invalid=str(error))
    return replace(
        found, invalid=found.invalid or _impossible(found.samples, len(own) or os.cpu_count() or 1, found.source)
    )


def allow_descriptors() -> None:
    """As many as this user may have, for the server and the load: a connection is one in each."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def split_cpus(cpus: int) -> tuple[set[int], set[int]]:
    """CPUs for the server, and for the load; both empty where a process cannot be pinned (OpenBSD, macOS)."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    found = sorted(os.sched_getaffinity(0))
    return set(found[:cpus]), set(found[cpus:])


def pin(pid: int, cpus: set[int]) -> None:
    """Raises OSError."""
    if cpus:
        os.sched_setaffinity(pid, cpus)


@contextmanager
def started(
    command: Sequence[str], cpus: set[int], group: ControlGroup | None, conditions: Conditions
) -> Iterator[tuple["subprocess.Popen[str]", int, Meter]]:
    """A server, and its port; it and all its processes are gone afterwards. Raises NotMeasured, OSError."""
    process = subprocess.Popen(
        [*AT_THE_START, *conditions.front, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=conditions.before_exec,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    try:
        pin(process.pid, cpus)
        if group:
            group.add(process.pid)
        with counted_calls(process.pid) as event:
            process.stdin.write("go\n")
            process.stdin.close()
            said = process.stderr.readline() if select.select([process.stderr], [], [], READY_SECONDS)[0] else ""
            if not said.startswith("READY "):
                raise NotMeasured(f"the server does not start: {line_of(said) or 'it says nothing'}")
            check_conditions(process, conditions)
            yield process, int(said.rpartition(":")[2]), Meter(process.pid, group, event)
    finally:
        with suppress(ProcessLookupError):  # all of it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()


def check_conditions(process: "subprocess.Popen[str]", conditions: Conditions) -> None:
    """For the server and all that it has forked until now. Raises NotMeasured."""
    if reason := conditions.why_not(tree_of(process.pid)):
        raise NotMeasured(reason)


def _under_load(
    point: Point,
    process: "subprocess.Popen[str]",
    port: int,
    meter: Meter,
    load: list[str],
    cpus: set[int],
    conditions: Conditions,
) -> Measured:
    """Raises NotMeasured, OSError, ValueError."""
    seconds = point.seconds + WARM_UP_SECONDS
    generator = subprocess.Popen(
        [
            *load,
            "127.0.0.1",
            str(port),
            str(point.connections),
            f"{point.rate:.0f}",
            str(point.write_bytes),
            f"{seconds:g}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        pin(generator.pid, cpus)
        begun = time.monotonic() + WARM_UP_SECONDS
        _sleep_until(begun, generator)
        check_conditions(process, conditions)
        seen = _samples(meter, generator, begun, point.seconds)
        out, errors = generator.communicate(timeout=seconds + END_SECONDS)
    except subprocess.TimeoutExpired:
        raise NotMeasured(
            f"the load does not end within {seconds + END_SECONDS:g} s: the server does not read on"
        ) from None
    finally:
        generator.kill()
        generator.wait()
    if generator.returncode:
        raise NotMeasured(line_of(errors) or f"the load ended with status {generator.returncode}")
    said = json.loads(out)
    before, after = seen.before, seen.after
    writes = max(1.0, said["sent_bytes"] / point.write_bytes * seen.seconds / said["seconds"])
    return Measured(
        point,
        seen.samples,
        _invalid(said, process, seen.samples),
        said["sent_bytes"],
        100 * said["cpu_seconds"] / said["seconds"],
        after.processes,
        seen.memory,
        _a_write(before.calls, after.calls, writes),
        _a_write(before.voluntary, after.voluntary, writes),
        _a_write(before.involuntary, after.involuntary, writes),
        meter.source,
    )


def _a_write(before: int | None, after: int | None, writes: float) -> float | None:
    return None if before is None or after is None else (after - before) / writes


@dataclass(frozen=True)
class _Seen:
    """Usage after the warm-up and at the end, so many seconds later, and what was between."""

    before: Usage
    after: Usage
    seconds: float
    samples: tuple[float, ...]
    memory: int


def _samples(meter: Meter, generator: "subprocess.Popen[str]", begun: float, seconds: float) -> _Seen:
    first = meter.read()
    before, first_time = first.cpu_seconds, time.monotonic()
    last_time = first_time
    samples, memory = [], 0
    for number in range(1, int(seconds / SAMPLE_SECONDS)):  # the last one could be after the load's end
        _sleep_until(begun + number * SAMPLE_SECONDS, generator)
        if time.monotonic() > begun + (number + 0.5) * SAMPLE_SECONDS:
            continue  # the look before took too long: two samples in a moment would share out its time by chance
        now, used = time.monotonic(), meter.cpu_seconds()
        samples.append(100 * (used - before) / (now - last_time))
        before, last_time = used, now
        memory = memory or meter.memory()
    return _Seen(first, meter.read(), last_time - first_time, tuple(samples), memory)


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


def _impossible(samples: tuple[float, ...], cpus: int, source: str) -> str:
    """What is wrong with a sample that cannot be: too much, or less than nothing because a process was overlooked."""
    strange = next((each for each in samples if not 0 <= each <= 100 * cpus * BEYOND), None)
    return (
        ""
        if strange is None
        else (
            f"a sample of {strange:,.0f} %, where the CPUs give 0 to {100 * cpus:,} %: the "
            f"times that {source} tells cannot be believed"
        )
    )


def line_of(text: str) -> str:
    """The first line that is not empty."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:300]


def lacking(cpus: int) -> str:
    """Why nothing can be measured here; empty when it can."""
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) <= cpus:
        found = len(os.sched_getaffinity(0))
        return (
            f"bench needs {cpus + 1} CPUs, {cpus} for the server and one for the load; there "
            f"{'is one' if found == 1 else f'are {found}'}"
        )
    return "" if has_schedstat() or shutil.which("ps") else "neither /proc nor ps tells CPU times"
