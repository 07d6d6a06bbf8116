"""The load generator of `anyunix bench` beside iperf3: does each keep the rate, and what does a connection cost it?

    python bench/iperf.py [CONNECTIONS [BYTES-A-WRITE [SECONDS]]]      (64, 1250 and 10 without)

Needs cc and iperf3. Receiver and sender have a CPU each, the first two that this process may use.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from anyunix.bench.on_platform.build import LOADS, SERVERS, Built, build

RATE = 1_000_000
SOURCES = Path(__file__).parent


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pinned(cpu: int, command: Sequence[str]) -> list[str]:
    return ["taskset", "-c", str(cpu), *command]


def sent_by(command: Sequence[str], cpu: int) -> tuple[str, float]:
    """What the sender printed, and its CPU seconds."""
    before = cpu_of_children()
    done = subprocess.run(pinned(cpu, command), capture_output=True, text=True, check=True)
    return done.stdout, cpu_of_children() - before


def load_run(load: Built, server: Built, cpus: list[int], connections: int, size: int, seconds: int) -> list[str]:
    process = subprocess.Popen(pinned(cpus[0], [*server.command, "like"]), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        port = process.stderr.readline().rpartition(":")[2].strip()
        out, cpu = sent_by([*load.command, "127.0.0.1", port, str(connections), str(RATE), str(size), str(seconds)],
                           cpus[1])
    finally:
        process.kill()
        process.wait()
    said = json.loads(out)
    return row("anyunix bench", 8 * said["sent_bytes"] / said["seconds"] / connections, cpu, connections, seconds)


def iperf_run(cpus: list[int], connections: int, size: int, seconds: int) -> list[str]:
    port = "53017"
    process = subprocess.Popen(pinned(cpus[0], ["iperf3", "-s", "-1", "-p", port, "--forceflush"]),
                               stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        while "listening" not in process.stdout.readline():
            pass
        out, cpu = sent_by(["iperf3", "-c", "127.0.0.1", "-p", port, "-P", str(connections), "-b", str(RATE), "-l",
                            str(size), "-t", str(seconds), "-N", "-J"], cpus[1])
    finally:
        process.kill()
        process.communicate()
    said = json.loads(out)["end"]["sum_sent"]
    return row("iperf3 -b", said["bits_per_second"] / connections, cpu, connections, seconds)


def row(name: str, rate: float, cpu: float, connections: int, seconds: int) -> list[str]:
    return [name, f"{rate / 1e6:.4f}", f"{100 * cpu / seconds:.1f}", f"{100 * cpu / seconds / connections:.3f}"]


def main(connections: int = 64, size: int = 1250, seconds: int = 10) -> None:
    cpus = sorted(os.sched_getaffinity(0))[:2]
    with tempfile.TemporaryDirectory() as name:
        programs = Path(name)
        load = build(LOADS[0], SOURCES, programs)
        server = build(next(each for each in SERVERS if each.name == "epoll-c"), SOURCES, programs)
        print(f"{connections} connections of 1 Mbit/s, {size} bytes a write, {seconds} s")
        print(f"{'':14} {'Mbit/s each':>12} {'CPU %':>8} {'CPU % each':>11}")
        for found in (load_run(load, server, cpus, connections, size, seconds),
                      iperf_run(cpus, connections, size, seconds)):
            print(f"{found[0]:14} {found[1]:>12} {found[2]:>8} {found[3]:>11}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
