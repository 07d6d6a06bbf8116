"""How a server is started, and who it is then: the seam between the launcher and each way to start one."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from support.address import Address
from support.processes import Process, kill_all, processes_of

END_SECONDS = 5.0


class CannotBeHere(Exception):
    """Why a subject cannot be started in its way on this platform: nothing can be said about it here."""


class NotItsOwn(AssertionError):
    """Why something cannot be asked of the server: somebody else does it."""


@dataclass(frozen=True)
class Command:
    """What is run to start a server: see subprocess.Popen."""

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    stdout: int
    stderr: int
    new_session: bool = True
    user: int | None = None
    group: int | None = None
    groups: Sequence[int] | None = None
    kept: tuple[int, ...] = ()
    """Descriptors that it gets beside these."""
    prepare: Callable[[], None] | None = None
    """What is done in the new process just before exec."""
    traced: bool = False
    """Whether a tool is in front of it, whose process may be among its own."""

    def run(self, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """Raises OSError. To be called by a process that runs no threads."""
        return subprocess.Popen(
            self.argv,
            cwd=self.folder,
            stdin=stdin,
            stdout=self.stdout,
            stderr=self.stderr,
            env=self.environment,
            start_new_session=self.new_session,
            user=self.user,
            group=self.group,
            extra_groups=self.groups,
            pass_fds=self.kept,
            preexec_fn=self.prepare,
        )

    def spawn(self, stdin: int = subprocess.DEVNULL) -> int:
        """The number of the process, for a caller that reaps all its children itself. Raises OSError."""
        process = self.run(stdin)
        process.returncode = 0  # or subprocess would wait for it, too
        return process.pid


class Started(Protocol):
    """A server that was started."""

    @property
    def pid(self) -> int:
        """Of its first process, once `unknown` says nothing."""

    @property
    def returncode(self) -> int | None:
        """As of subprocess.Popen, what `poll` and `wait` found last."""

    def unknown(self, place: Address) -> str:
        """Why it is not known yet who it is; empty once it is. `place` is an address that it serves."""

    def poll(self) -> int | None:
        """None while it runs."""

    def wait(self, timeout: float) -> int:
        """Raises subprocess.TimeoutExpired."""

    def processes(self) -> list[Process]:
        """All that it started, and zombies."""

    def forks(self) -> list[int]:
        """The numbers of those that are its own for certain, without zombies while it runs."""

    def end(self) -> None:
        """Leave nothing behind, whatever state it is in: continued, killed, reaped."""


class InFront:
    """The usual way: the process that was started is the server, or the tool in front of it, which is its parent."""

    def __init__(self, command: Command, *, tool_is_parent: bool = False) -> None:
        self._process = command.run()
        self._tool_is_parent = tool_is_parent
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    def unknown(self, place: Address) -> str:
        if self._tool_is_parent and self.pid == self._process.pid:
            self.pid = next((p.pid for p in processes_of(self.pid) if p.parent == self.pid), self.pid)
        return ""

    def poll(self) -> int | None:
        return self._process.poll()

    def wait(self, timeout: float) -> int:
        return self._process.wait(timeout)

    def processes(self) -> list[Process]:
        return processes_of(self.pid)

    def forks(self) -> list[int]:
        if self.poll() is not None:  # its number may be another's by now; the group keeps it taken
            return [process.pid for process in self.processes() if process.group == self.pid]
        return [process.pid for process in self.processes() if not process.zombie]

    def end(self) -> None:
        kill_all(self.forks())
        with suppress(subprocess.TimeoutExpired):
            self.wait(END_SECONDS)
