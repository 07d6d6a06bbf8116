"""One answer of the system's changed, in a server that is under way: strace beside it, or in front of it.

strace(1), "Tampering": the call is not made, and the program sees the error. It counts the calls of each process by
itself, from when it began to look.
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from support.deadline import Deadline, wait_until
from support.injection import CannotInject, Injection
from support.proc import PROC

INJECTED = "(INJECTED)"
DESCRIPTOR = re.compile(r"\w\((\d+)[,)]")
ATTACH_SECONDS, DETACH_SECONDS = 5.0, 5.0
TRIES = 3
DETACHABLE = ("-I", "2")
"""With a file to write to, strace blocks SIGTERM unless told otherwise."""


class StraceInjector:
    """Makes an injection happen, with strace."""

    def __init__(self, injection: Injection, folder: Path) -> None:
        """`folder` is the probe's, below which the server's files are."""
        self._injection, self._folder = injection, folder
        self._record = folder / "calls"

    @property
    def wrapper(self) -> tuple[str, ...]:
        """To be put in front of a server whose start is looked at."""
        return ("strace", "-DDD", *self._arguments())

    @property
    def beforehand(self) -> tuple[str, ...]:
        """Nothing: it comes beside."""
        return ()

    def check(self, pid: int) -> None:
        """Whatever strace starts, it looks at."""

    @contextmanager
    def attached(self, first: int, children: Sequence[int]) -> Iterator[None]:
        """A server that runs is looked at until the end. Raises CannotInject."""
        wanted = {"first": [first], "children": [*children], "later": [first]}[self._injection.who]
        if not wanted:
            raise CannotInject("the process that makes this call is not there this time")
        tracer = self._beside(wanted)
        try:
            yield
        finally:
            let_go(tracer)

    def _beside(self, pids: Sequence[int]) -> "subprocess.Popen[str]":
        """A tracer that looks at all of them. Raises CannotInject."""
        command = ["strace", *self._arguments(), *(f"--attach={pid}" for pid in pids)]
        for left in reversed(range(TRIES)):
            tracer = begin_looking(command, pids)
            if looks_at(tracer, pids) or self.hit():  # a process may have ended of it by now
                return tracer
            said = let_go(tracer)
            if not left:
                raise CannotInject(f"strace cannot look at a process here: {said}")
        raise AssertionError("no try is left that neither returned nor raised")

    def lines(self) -> list[str]:
        return self._record.read_text(errors="replace").splitlines() if self._record.exists() else []

    def hit(self) -> str:
        return next(iter(self._hit_lines()), "")

    def another(self) -> str:
        lines = {match[1]: line for line in self._hit_lines() if (match := DESCRIPTOR.search(line))}
        return list(lines.values())[-1] if len(lines) > 1 else ""

    def _hit_lines(self) -> list[str]:
        return [line for line in self.lines() if line.endswith(INJECTED)]

    def hits(self) -> int:
        return sum(line.endswith(INJECTED) for line in self.lines())

    def _arguments(self) -> tuple[str, ...]:
        each = self._injection
        follow = ("-f",) if each.who != "first" else ()
        only = ("-P", str(self._folder / each.path)) if each.path else ()
        when = f"{each.when}+" if each.lasting else str(each.when)
        tampering = ("-e", "trace=all", "-e", f"inject={each.call}:error={each.error}:when={when}")
        return ("-q", "-s", "96", *DETACHABLE, *follow, *only, "-o", str(self._record), *tampering)


def begin_looking(command: Sequence[str], pids: Sequence[int]) -> "subprocess.Popen[str]":
    """A tracer, once it looks at these processes, or has ended, or has had its time."""
    tracer = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with suppress(TimeoutError):
        wait_until(lambda: looks_at(tracer, pids) or tracer.poll() is not None, "it", ATTACH_SECONDS)
    return tracer


def let_go(tracer: "subprocess.Popen[str]") -> str:
    """The tracer detaches from all that it looks at, which goes on; what it said."""
    with suppress(ProcessLookupError):
        tracer.send_signal(signal.SIGTERM)
    try:
        return tracer.communicate(timeout=Deadline(DETACH_SECONDS).seconds)[1].strip()
    except subprocess.TimeoutExpired:
        tracer.kill()
        return tracer.communicate()[1].strip()


def looks_at(tracer: "subprocess.Popen[str]", pids: Sequence[int]) -> bool:
    return all(traced_by(pid) == tracer.pid for pid in pids)


def traced_by(pid: int) -> int:
    """The number of the process that looks at another one; 0 for nobody. proc_pid_status(5)."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("TracerPid:"):
                return int(line.split()[1])
    return 0


@functools.cache
def why_no_injections() -> str:
    """Empty where strace can change what a call answers here, in front of a program and beside one."""
    if not shutil.which("strace"):
        return "no strace on PATH"
    program = "import os, sys; sys.stdin.read(1); raise SystemExit(os.getppid() != 4242)"
    tried = subprocess.Popen([sys.executable, "-ISc", program], stdin=subprocess.PIPE)
    tampering = ("-e", "trace=getppid", "-e", "inject=getppid:retval=4242")
    tracer = begin_looking(
        ["strace", "-q", *DETACHABLE, *tampering, "-o", os.devnull, "-p", str(tried.pid)], [tried.pid]
    )
    tried.communicate(b"x")
    let_go(tracer)
    return "" if tried.returncode == 0 else "strace may not change what another process's calls answer here"
