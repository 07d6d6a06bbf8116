"""Rare errors at exactly the call wanted, and who called what: strace in front of a server, or an object in it.

strace(1), "Tampering", works on any program, and holds a call at its door. Where there is none, or it may not trace,
errors come from an object that is preloaded: into dynamically linked programs alone, for the calls that they make
through libc.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from support.preload import preloaded
from support.ready import NotReady
from support.server import Server

# The tracer is a detached process in a session of its own: the server keeps its number, and a signal to its group
# does not reach the tracer. Without -f what is injected hits the first process alone.
DETACHED = ("-DDD", "-qq")
FORKS = "?fork,?vfork,?clone,?clone3"
ACCEPTS = "?accept,?accept4"
TRIES = 5


class Tracer:
    """`wrapper` goes in front of the server's command; `record` is what was written down, as strace writes."""

    def __init__(
        self, record: Path, calls: str, inject: str = "", *, follow: bool = False, on: Iterable[Path] = ()
    ) -> None:
        """`inject` happens to `calls`, and is counted, in each process by itself: in the first one alone unless
        `follow`. Then nothing but these calls and close(2) stops a process: its state is `t` at the door of one, while
        it is held there. With `on`, calls on other files than these do not count. Skips where that cannot be done.
        """
        self.record, self.calls = record, calls
        reason, files = _why_no_strace(), tuple(map(str, on))
        if reason is None:
            self.wrapper = _traced(record, calls, inject, follow=follow, files=files)
            return
        if files:
            pytest.skip(f"no error can be injected into calls on a file here: {reason}")
        if inject.startswith("delay"):
            pytest.skip(f"no call can be held at its door here: {reason}")
        if inject.startswith("signal"):
            pytest.skip(f"no signal can be sent at a call here: {reason}")
        found = preloaded(record, calls, inject, follow=follow)
        if isinstance(found, str):
            pytest.skip(f"no error can be injected here: {reason}, and {found}")
        self.wrapper = found

    def demand(self) -> None:
        """Skip the probe when the call wanted was never made, so that nothing was shown."""
        if "(INJECTED)" not in self.text():
            pytest.skip(f"the server was not seen to make any of these calls: {self.calls.replace('?', '')}")

    def text(self) -> str:
        """The record. Skips where nothing could be preloaded into the server."""
        if not self.record.exists():
            pytest.skip(
                "no error can be injected here: no strace, and nothing can be preloaded into this server: it "
                "is linked statically, or has rights of its own"
            )
        return self.record.read_text(errors="replace")

    def injected(self, pattern: str) -> bool:
        """Whether it was a call that matches that was tampered with."""
        return any(re.match(pattern, line) for line in self.text().splitlines() if line.endswith("(INJECTED)"))

    def number_of(self, pattern: str) -> int | None:
        """Which of the recorded calls, counted from 1, is the first that matches."""
        calls = [line for line in self.text().splitlines() if re.match(r"\w+\(", line)]
        return next((number for number, call in enumerate(calls, 1) if re.match(pattern, call)), None)

    def most_by_one(self) -> int:
        """How many of the calls one process has made, at most; with `follow`."""
        made = Counter(line.split()[0] for line in self.text().splitlines() if re.match(rf"\d+ +{self._any}\(", line))
        return max(made.values(), default=0)

    @property
    def _any(self) -> str:
        return f"({'|'.join(self.calls.replace('?', '').split(','))})"

    def most_at_a_time(self, call: str, arguments: str, pids: set[int]) -> int:
        """How many of these processes were inside of a call with such arguments at a time, at most; with `follow`.

        strace(1): a call that others' events come in between is `call(… <unfinished ...>` and later
        `<... call resumed>`, behind the number of its process.
        """
        inside: set[str] = set()
        most = 0
        for line in self.text().splitlines():
            pid, _, said = line.partition(" ")
            if re.match(rf"{call}\({arguments}", said.lstrip()) and int(pid) in pids:
                most = max(most, len(inside | {pid}))
                if said.endswith("<unfinished ...>"):
                    inside.add(pid)
            elif f"<... {call} resumed>" in said or said.lstrip().startswith("+++"):
                inside.discard(pid)
        return most


def without_call(
    start_server: Callable[..., Server], work: Path, call: str, pattern: str, error: str, who: str
) -> None:
    """Take the call that matches away from a server's first process, and see clients of IPv4 served all the same.

    It is counted in one start and fails in the next: a server that asks in another order each time gets several.
    Skips where it makes no such call, with `who` as the reason, or another one has failed each time.
    """
    for attempt in range(TRIES):
        calls = Tracer(work / f"{call}-calls-{attempt}", call)
        start_server(wrapper=calls.wrapper).serve("127.0.0.1")
        number = calls.number_of(pattern)
        if number is None:
            pytest.skip(who)
        tracer = Tracer(work / f"without-{call}-{attempt}", call, f"error={error}:when={number}")
        try:
            start_server(wrapper=tracer.wrapper).serve("127.0.0.1")
        except (NotReady, OSError, AssertionError):
            if tracer.injected(pattern):
                raise
        if tracer.injected(pattern):
            return
    pytest.skip(f"the {call} that was meant could not be taken away from the server in {TRIES} tries")


def _traced(record: Path, calls: str, inject: str, *, follow: bool, files: tuple[str, ...]) -> tuple[str, ...]:
    """strace in front of a command."""
    only = [word for file in files for word in ("-P", file)]
    tampering = ("-e", f"inject={calls}:{inject}") if inject else ()
    followed = ("-f", "--seccomp-bpf") if follow else ()
    # a child is stopped at each call until its first traced one (strace 6.1, 6.13), and every server's child closes
    traced = f"{calls},close" if follow else calls
    return ("strace", *DETACHED, *followed, "-o", str(record), "-e", f"trace={traced}", *tampering, *only)


@functools.cache
def _why_no_strace() -> str | None:
    """None when strace can change what a call returns here; hardened containers may forbid ptrace(2)."""
    if not shutil.which("strace"):
        return "no strace on PATH"
    program = "import os; raise SystemExit(os.getppid() != 4242)"
    command = [
        "strace",
        *DETACHED,
        "-o",
        os.devnull,
        "-e",
        "trace=getppid",
        "-e",
        "inject=getppid:retval=4242",
        sys.executable,
        "-ISc",
        program,
    ]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return None if tried.returncode == 0 else tried.stderr.strip() or "strace does not inject"
