"""A server that goes on when the command that started it has ended: who it is, and what became of it.

Its pid file says who it is, or the port: whoever holds the listener. All that the command starts stays below a process
that adopts orphans, so double forks and sessions of their own hide nobody.
"""

import subprocess
import time
from contextlib import suppress
from pathlib import Path

from support.address import Address
from support.deadline import POLL_SECONDS
from support.holder import Holder, Household
from support.listeners import holders
from support.proc import PROC
from support.processes import Process, state_of
from support.starting import CannotBeHere, Command


class Daemon:
    """See `Started`."""

    def __init__(self, command: Command, transport: str, pid_file: Path | None) -> None:
        """Raises OSError, CannotBeHere."""
        self._transport, self._pid_file, self._traced = transport, pid_file, command.traced
        self.pid = 0
        self.returncode: int | None = None

        def live(household: Household) -> None:
            household.begun(command.spawn())
            while True:
                household.wait()

        self._place = Address("", 0)
        self._holder = Holder(live, ())
        self._command_pid = self._holder.started
        if self._holder.adopts:
            self._holder.end()
            raise CannotBeHere(f"daemon: its processes cannot be told from others: {self._holder.adopts}")

    def unknown(self, place: Address) -> str:
        if self._command_pid not in self._holder.ended():
            return "its start command goes on, which `daemon: true` says that it does not"
        self._place = place
        found = self._who()
        if isinstance(found, int):
            self.pid = found
            return ""
        return found

    def poll(self) -> int | None:
        """What the system knows of it; 0 of a process whose parent has not told how it ended.

        A server may replace itself in order, as OpenSSH does at SIGHUP where its parent is not process 1: it goes on
        as long as another one has its pid file, or its port.
        """
        if self.returncode is not None:
            return self.returncode
        if self.pid == 0:
            self.returncode = self._failed()
        elif state_of(self.pid) in (None, "Z"):
            status = self._holder.ended().get(self.pid, 0)
            successor = "" if status else self._who()
            if isinstance(successor, int):
                self.pid = successor
            else:
                self.returncode = status
        return self.returncode

    def wait(self, timeout: float) -> int:
        end = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired([f"daemon {self.pid}"], timeout)
            time.sleep(POLL_SECONDS)  # another process's child: nothing announces its end here
        return status

    def processes(self) -> list[Process]:
        """All that the command has started; not a tracer's, which looks at them."""
        found = self._holder.below()
        tracers = {_tracer(process.pid) for process in found} if self._traced else set()
        return [process for process in found if process.pid not in tracers]

    def forks(self) -> list[int]:
        return [process.pid for process in self.processes() if not process.zombie]

    def end(self) -> None:
        self._holder.end()

    def _failed(self) -> int | None:
        """How it ended before it was known who it is: its command with an error, or all its processes."""
        ended = self._holder.ended()
        if self._command_pid not in ended:
            return None
        if status := ended[self._command_pid]:
            return status
        if not self._holder.childless():
            return None
        ended = self._holder.ended()
        return next((status for status in reversed(ended.values()) if status), 0)

    def _who(self) -> int | str:
        """Its number, or why that is not known."""
        return self._named() if self._pid_file else self._listening(self._place)

    def _named(self) -> int | str:
        """The number in its pid file, if it is one of its processes; else what is wrong."""
        assert self._pid_file
        try:
            text = self._pid_file.read_bytes()[:200].decode(errors="replace").strip()
        except OSError as error:
            return f"pid_file: {self._pid_file} cannot be read: {error.strerror}"
        number = text.split()[0] if text else ""  # PostgreSQL's has more lines
        if not number.isdecimal():
            return f"pid_file: {self._pid_file} holds {text!r}, which is no number of a process"
        if int(number) not in self.forks():
            return f"pid_file: {self._pid_file} names {number}, which is no process that the start command left"
        return int(number)

    def _listening(self, place: Address) -> int | str:
        """Who holds the listener: of several the one that started the others."""
        processes = [process for process in self.processes() if not process.zombie]
        numbers = [process.pid for process in processes]
        held = holders(place, self._transport, numbers)
        asked = "listens" if held is not None else "there is"
        numbers = numbers if held is None else held
        first = [process.pid for process in processes if process.pid in numbers and process.parent not in numbers]
        if len(first) == 1:
            return first[0]
        several = f"several processes do: {', '.join(map(str, first))}" if first else "none of its processes does"
        return f"who {asked} at {place} is not known, {several}; name its pid_file"


def _tracer(pid: int) -> int:
    """Who traces it, as proc(5) says; 0 for nobody."""
    with suppress(OSError, ValueError):
        for line in (PROC / str(pid) / "status").read_text(errors="replace").splitlines():
            if line.startswith("TracerPid:"):
                return int(line.split()[1])
    return 0
