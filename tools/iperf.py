"""The load generator of `anyunix bench` beside iperf3: does each keep the rate, and what does a connection cost it?

    python tools/iperf.py [CONNECTIONS [BYTES-A-WRITE [SECONDS]]]      (64, 1250 and 10 without)

Both can send what is due at ticks (iperf3's `--pacing-timer`, 1 ms by default; ours is 1 µs): the finer, the dearer,
so the two are compared at the same ones. Needs cc and iperf3. Receiver and sender have a CPU each, the first two that
this process may use.
"""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from anyunix.bench.remote.programs import LOADS, SERVERS, Built, build

RATE = 1_000_000
TICKS = (100, 1000)
"""Microseconds."""
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


def load_run(load: Built, server: Built, cpus: list[int], words: list[str], tick: int) -> tuple[float, float]:
    """Bits a second in all, and the sender's CPU seconds."""
    process = subprocess.Popen(pinned(cpus[0], [*server.command, "like"]), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        port = process.stderr.readline().rpartition(":")[2].strip()
        connections, size, seconds = words
        out, cpu = sent_by(
            [*load.command, "127.0.0.1", port, connections, str(RATE), size, seconds, str(tick)], cpus[1]
        )
    finally:
        process.kill()
        process.wait()
    said = json.loads(out)
    return 8 * said["sent_bytes"] / said["seconds"], cpu


def iperf_run(cpus: list[int], words: list[str], tick: int) -> tuple[float, float]:
    """As `load_run`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    process = subprocess.Popen(
        pinned(cpus[0], ["iperf3", "-s", "-1", "-p", port, "--forceflush"]), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        if not any("listening" in line for line in iter(process.stdout.readline, "")):
            sys.exit(f"iperf3 does not listen on port {port}: it ended with status {process.wait()}")
        connections, size, seconds = words
        out, cpu = sent_by(
            [
                "iperf3",
                "-c",
                "127.0.0.1",
                "-p",
                port,
                "-P",
                connections,
                "-b",
                str(RATE),
                "-l",
                size,
                "-t",
                seconds,
                "-N",
                "-J",
                "--pacing-timer",
                str(tick),
            ],
            cpus[1],
        )
    finally:
        process.kill()
        process.communicate()
    return json.loads(out)["end"]["sum_sent"]["bits_per_second"], cpu


def main(connections: int = 64, size: int = 1250, seconds: int = 10) -> None:
    cpus, words = sorted(os.sched_getaffinity(0))[:2], [str(connections), str(size), str(seconds)]
    with tempfile.TemporaryDirectory() as name:
        load = build(LOADS[0], SOURCES, Path(name))
        server = build(next(each for each in SERVERS if each.name == "loop-c"), SOURCES, Path(name))
        print(f"{connections} connections of 1 Mbit/s, {size} bytes a write, {seconds} s")
        print(f"{'':14} {'tick µs':>8} {'Mbit/s each':>12} {'CPU %':>8} {'CPU % each':>11}")
        for tick in TICKS:
            for who, (rate, cpu) in (
                ("anyunix bench", load_run(load, server, cpus, words, tick)),
                ("iperf3 -b", iperf_run(cpus, words, tick)),
            ):
                print(
                    f"{who:14} {tick:>8} {rate / 1e6 / connections:>12.4f} {100 * cpu / seconds:>8.1f} "
                    f"{100 * cpu / seconds / connections:>11.3f}"
                )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
