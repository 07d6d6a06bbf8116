"""A subject started once on a platform, and what was seen of it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.discover.set_up import set_up
from anyunix.drivers.base import Driver, Progress
from anyunix.errors import NotRun, PlatformError
from anyunix.host.environment import passed_on
from anyunix.payload.archive import SITE, SUITE
from anyunix.payload.supervised import last_words, left_behind, run_supervised
from anyunix.text import first_line

SCRIPT = SUITE / "try_once.py"
SECONDS = 300.0
NOT_TRIED = ("NotSwitchedOn", "CannotBeHere")
"""Exceptions of the suite's: nothing can be said about the server here."""


class SeenProcess(msgspec.Struct, frozen=True):
    """One of the server's."""

    pid: int
    parent: int
    command: str


class SeenSocket(msgspec.Struct, frozen=True):
    """What it listens on: `tcp 0.0.0.0:80`, and which process does first."""

    place: str
    pid: int


class SeenEnd(msgspec.Struct, frozen=True):
    """What it did at the signal that its file names."""

    signal: str
    promised: str
    """quick, slow, … as in `promises`; false for nothing."""
    within: float
    """Seconds that the promise gave it, more on a busy machine."""
    seconds: float
    ended: bool
    """Whether its first process has."""
    status: int | None
    """Exit status, or the negative number of the signal that killed it."""
    processes: tuple[str, ...]
    """Those that were still there."""
    answering: tuple[str, ...]
    """Addresses that still answered."""
    files: tuple[str, ...]
    """What it left in its work folder."""

    @property
    def broken(self) -> str:
        """What it did otherwise than promised; empty for nothing."""
        if self.promised in ("false", "survives"):
            return ""
        went_on = self.promised == "either" and not self.ended and bool(self.answering)
        if went_on:
            return ""
        if not self.ended:
            return f"it did not end within {self.within:.3g} s"
        if self.processes and self.promised != "alone":
            return f"processes were left after {self.within:.3g} s"
        return "its port still answers" if self.answering else ""


class SeenStart(msgspec.Struct, frozen=True):
    """What suite/try_once.py answers, and what was left behind."""

    error: str
    """Name of the exception that stopped it; empty when the server did what its file says."""
    message: str
    ready_seconds: float | None = None
    processes: tuple[SeenProcess, ...] = ()
    sockets: tuple[SeenSocket, ...] | None = None
    """None where the system does not show them."""
    answers: tuple[str, ...] = ()
    heard: dict[str, str] = {}
    """Guest -> the first bytes that it heard, a character a byte."""
    ending: SeenEnd | None = None
    stdout: str = ""
    stderr: str = ""
    left_behind: tuple[str, ...] = ()

    def problems(self) -> Iterator[str]:
        """What the server did not do as its file says, in words."""
        if self.error == "NotServed":
            yield f"it is ready, and its client is not served: {self.message}"
        elif self.error:
            yield self.message
        if self.ending and self.ending.broken:
            signal, promised = self.ending.signal, self.ending.promised
            other = "alone" if self.ending.ended and not self.ending.answering else "slow, survives or false"
            yield (
                f"{signal}: {self.ending.broken}; its file promises {promised}, and could say "
                f"promises: {{{signal.lower()}: {other}}}"
            )


def try_subject(
    subject: Subject, platform: Platform, bind: str, driver: Driver, suite: Path, say: Progress
) -> SeenStart:
    """Start it there once. Raises NotRun, PlatformError."""
    with set_up(platform, subject, driver, suite, say):
        say("starting the server")
        done = run_supervised(
            driver,
            ["python3", str(SCRIPT)],
            SECONDS * platform.slowness,
            python_path=(SUITE, SITE),
            environment={
                **passed_on(subject.pass_env, here=platform.options.is_this_machine),
                "ANYUNIX_BIND": bind,
                "ANYUNIX_SLOWNESS": str(platform.slowness),
            },
        )
    lines = done.stdout.splitlines()
    if done.timed_out or done.status or not lines:
        raise PlatformError(f"{platform.name}: {'it took too long' if done.timed_out else last_words(done)}")
    try:
        tried = msgspec.json.decode(lines[-1], type=SeenStart)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise PlatformError(f"{platform.name}: what came back is no answer: {error}") from error
    if tried.error in NOT_TRIED:
        raise NotRun(f"not tried: {first_line(tried.message)}")
    return msgspec.structs.replace(tried, left_behind=left_behind(done.stderr))
