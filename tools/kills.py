#!/usr/bin/env python3
"""Kill `anyunix run` at random moments, in every way in which a run can end, and count what is left of it.

    python tools/kills.py --runs 200

Each run is a short one on one platform; some moment of it, from the start of the interpreter to its last line, is the
last. When all are dead, one more run starts, as any later run does, and sweeps. Then nothing may be left: no process,
container, network, temporary folder, mount or namespace. What is there by then is counted by the kind of end, and the
exit status is 1. The runs have a TMPDIR of their own, and containers are told by their owners, so that other runs on
this machine are not counted. For Linux; without a Docker engine, only the other platforms are tried.
"""

import argparse
import os
import pty
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from anyunix.drivers.docker.engine import answering
from anyunix.drivers.docker.execution import ENGINE_ERRORS
from anyunix.drivers.docker.owned import OWNER_LABEL, things
from anyunix.host.owner import Owner, of

PLATFORMS = ("local", "local-v6only", "alpine")
PROBES = "test_ipv4_client_is_served or test_ipv6_wildcard_and_ipv4 or test_passive_order"
END_SECONDS = 90.0
"""After this a run that was asked to end has not ended."""
ANSWER_SECONDS = 30
TAKE_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
ANSWERED = (0, 1, 4)
"""Exit statuses of a run that came to its end."""
WHAT = ("process", "container", "network", "folder", "mount", "namespace")


@dataclass
class Run:
    """One run, and how it was ended."""

    kind: str
    process: "subprocess.Popen[bytes]"
    output: int
    """What it prints: a pipe, or the other side of its terminal."""
    owners: set[Owner] = field(default_factory=set)
    ended: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def close_output(self) -> None:
        with self.lock:
            output, self.output = self.output, -1
            if output >= 0:
                os.close(output)

    def drain(self) -> None:
        """Read what it prints, so that it is never held up, until one side is closed."""
        poller = select.poll()
        poller.register(self.output, select.POLLIN)
        with suppress(OSError):
            while True:
                with self.lock:  # nobody closes the descriptor, and opens another of its number, meanwhile
                    if self.output < 0 or (poller.poll(20) and not os.read(self.output, 65536)):
                        return
                time.sleep(0.01)


def by(number: int) -> Callable[[Run, random.Random], None]:
    """The run's own process gets this signal, and nobody else."""
    return lambda run, chance: run.process.send_signal(number)


def again(run: Run, chance: random.Random) -> None:
    """Somebody impatient."""
    for _ in range(3):
        run.signal_group(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            run.process.wait(chance.uniform(0.01, 1.0))


KINDS: dict[str, Callable[[Run, random.Random], None]] = {
    "SIGINT": by(signal.SIGINT),
    "SIGTERM": by(signal.SIGTERM),
    "SIGHUP": by(signal.SIGHUP),
    "SIGQUIT": by(signal.SIGQUIT),
    "SIGKILL": by(signal.SIGKILL),
    "terminal closed": lambda run, chance: run.close_output(),
    "Ctrl-C again and again": again,
    "stdout closed": lambda run, chance: run.close_output(),
    "killed with its shell": lambda run, chance: run.signal_group(signal.SIGKILL),
}


def main() -> int:
    arguments = parsed()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)  # what nohup or a shell's & ignores, the runs would ignore too
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="kills-", dir=arguments.dir) as name:
        place = Path(name)
        (place / "tmp").mkdir()
        platforms = [platform for platform in arguments.platform or PLATFORMS if can_run(place, platform)]
        if not platforms:
            print("kills: no platform runs here", file=sys.stderr)
            return 2
        kinds = list(KINDS)
        plan = [
            (
                kinds[number % len(kinds)],
                platforms[number // len(kinds) % len(platforms)],
                chance.random(),
                random.Random(chance.random()),
            )
            for number in range(arguments.runs)
        ]
        seconds = {platform: whole_run(place, platform) for platform in platforms}
        print(
            f"a whole run takes {', '.join(f'{seconds[each]:.1f} s on {each}' for each in platforms)}; "
            f"seed {arguments.seed}",
            flush=True,
        )
        counter = Progress(arguments.runs)

        def one(planned: tuple[str, str, float, random.Random]) -> Run:
            kind, platform, share, own_chance = planned
            run = killed(place, kind, platform, share * seconds[platform], own_chance)
            counter.one_more()
            return run

        with ThreadPoolExecutor(arguments.jobs) as pool:
            runs = list(pool.map(one, plan))
        before = found(place, runs)
        sweep = anyunix(place, ["local", *platforms])
        after = found(place, runs)
        print(table(runs, before, after))
        if sweep.returncode not in ANSWERED:
            print(f"the last run, which sweeps, ended with {sweep.returncode}: {sweep.stdout.decode()[-2000:]}")
        return 1 if after or sweep.returncode not in ANSWERED or not all(run.ended for run in runs) else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n\n")[0],
        epilog=("Exit status: 0 nothing is left, 1 something is, or a run did not end, 2 nothing could be tried."),
    )
    parser.add_argument(
        "--runs", type=int, default=len(KINDS), metavar="N", help="how many, all kinds in turn (default: %(default)s)"
    )
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="side by side (default: %(default)s)")
    parser.add_argument(
        "--platform",
        action="append",
        metavar="NAME",
        help=f"a run is on one of these; repeatable (default: {', '.join(PLATFORMS)})",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=random.randrange(10**6),
        metavar="N",
        help="for the same moments again, as far as the machine is as fast as then",
    )
    parser.add_argument("--dir", type=Path, metavar="DIR", help="make the folders here (default: TMPDIR)")
    return parser.parse_args()


class Progress:
    """A line now and then."""

    def __init__(self, runs: int) -> None:
        self._lock, self._done, self._runs = threading.Lock(), 0, runs

    def one_more(self) -> None:
        with self._lock:
            self._done += 1
            if self._done % 20 == 0 or self._done == self._runs:
                print(f"{self._done} of {self._runs} runs", flush=True)


def command(place: Path, platforms: list[str]) -> list[str]:
    out = tempfile.mkdtemp(prefix="out-", dir=place)
    return [
        sys.executable,
        "-m",
        "anyunix",
        "run",
        "--subject",
        "c",
        "--platform",
        ",".join(dict.fromkeys(platforms)),
        "-k",
        PROBES,
        "--out",
        out,
        "--jobs",
        "2",
    ]


def environment(place: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(place / "tmp"), "PYTHONUNBUFFERED": "1"}


def anyunix(place: Path, platforms: list[str]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        command(place, platforms),
        env=environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def can_run(place: Path, platform: str) -> bool:
    """Also builds the image, where that is needed, once and in peace."""
    done = anyunix(place, [platform])
    ran = done.returncode in ANSWERED and b"not run: " not in done.stdout
    if not ran:
        print(f"left out: {platform}: {done.stdout.decode(errors='replace').strip()[-300:]}", flush=True)
    return ran


def whole_run(place: Path, platform: str) -> float:
    """Seconds that a run takes which nobody kills."""
    begun = time.monotonic()
    anyunix(place, [platform])
    return time.monotonic() - begun


def killed(place: Path, kind: str, platform: str, seconds: float, chance: random.Random) -> Run:
    """Start a run, end it after so many seconds, wait for its end."""
    run = started(place, kind, platform)
    reader = threading.Thread(target=run.drain, daemon=True)
    reader.start()
    with suppress(subprocess.TimeoutExpired):
        run.process.wait(seconds)
    run.owners = {of(pid) for pid in group(run.process.pid)}
    KINDS[kind](run, chance)
    try:
        run.process.wait(END_SECONDS)
        run.ended = True
    except subprocess.TimeoutExpired:
        run.signal_group(signal.SIGKILL)
        run.process.wait()
    run.close_output()
    reader.join(ANSWER_SECONDS)
    return run


def started(place: Path, kind: str, platform: str) -> Run:
    words, options = command(place, [platform]), {"env": environment(place), "start_new_session": True}
    if kind == "killed with its shell":
        words = ["sh", "-c", '"$@"; true', "sh", *words]
    if kind == "terminal closed":
        ours, theirs = pty.openpty()
        run = Run(
            kind,
            subprocess.Popen(
                [sys.executable, "-S", "-c", TAKE_TERMINAL, *words],
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                **options,
            ),
            ours,
        )  # type: ignore[call-overload]
        os.close(theirs)
        return run
    reader, writer = os.pipe()
    run = Run(
        kind,
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.DEVNULL, **options),
        reader,
    )  # type: ignore[call-overload]
    os.close(writer)
    return run


def group(leader: int) -> list[int]:
    """The processes of a process group."""
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            if (entry / "stat").read_text().rpartition(")")[2].split()[2] == str(leader):
                members.append(int(entry.name))
    return members


def found(place: Path, runs: list[Run]) -> Counter[tuple[str, str]]:
    """What is there of these runs: (kind, one of WHAT) -> how many."""
    kinds = {owner: run.kind for run in runs for owner in run.owners}
    shorts = {owner.short: kind for owner, kind in kinds.items()}
    counted: Counter[tuple[str, str]] = Counter()

    def kind_in(text: str) -> str:
        return next((kind for short, kind in shorts.items() if short in text), "?")

    for text, namespaces in processes(str(place)):
        counted[kind_in(text), "process"] += 1
        counted[kind_in(text), "namespace"] += namespaces
    for folder in (place / "tmp").iterdir():
        counted[kind_in(folder.name), "folder"] += 1
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if str(place) in line:
            counted[kind_in(line), "mount"] += 1
    owners = {str(owner): kind for owner, kind in kinds.items()}
    with suppress(*ENGINE_ERRORS), answering(ANSWER_SECONDS) as client:
        for thing in things(client.api) if client else ():
            if thing.labels[OWNER_LABEL] in owners:
                counted[owners[thing.labels[OWNER_LABEL]], thing.kind] += 1
    return +counted


def processes(place: str) -> Iterator[tuple[str, int]]:
    """Those that have to do with this folder: what is known of each, and how many namespaces it has of its own."""
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        known = ""
        for name in ("cmdline", "environ", "cwd", "exe", "root"):
            with suppress(OSError):
                path = entry / name
                known += os.readlink(path) if path.is_symlink() else path.read_text(errors="replace")
        if place in known:
            yield known, sum(is_another(entry / "ns" / name) for name in ("mnt", "net", "user"))


def is_another(namespace: Path) -> bool:
    with suppress(OSError):
        return os.readlink(namespace) != os.readlink(Path("/proc/self/ns", namespace.name))
    return False


def table(runs: list[Run], before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]) -> str:
    rows = [["ended by", "runs", "not ended", "for the sweep", *(f"{what} left" for what in WHAT)]]
    for kind in [*KINDS, "?"]:
        own = [run for run in runs if run.kind == kind]
        if own or any(after[kind, what] for what in WHAT):
            rows.append(
                [
                    kind,
                    str(len(own)),
                    str(sum(not run.ended for run in own)),
                    str(sum(before[kind, what] for what in WHAT)),
                    *(str(after[kind, what]) for what in WHAT),
                ]
            )
    rows.append(["all", *(str(sum(int(row[column]) for row in rows[1:])) for column in range(1, len(rows[0])))])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if cell is row[0] else cell.rjust(width) for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
