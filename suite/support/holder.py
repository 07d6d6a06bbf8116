"""A process of the probe's that starts a server in its place: it adopts whatever that leaves behind, knows how each of
its processes ended, and leaves none of them when it ends itself, as it does when the probe has gone.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

from support.adopting import adopt_orphans
from support.deadline import POLL_SECONDS, Deadline
from support.keeper import close_all_but
from support.processes import Process, kill_all, processes_of

ANSWER_SECONDS = 10.0
END_SECONDS = 5.0


class Holder:
    """The probe's way to that process. `pid` is its number, `adopts` the reason why it could adopt nobody, or None."""

    def __init__(self, live: Callable[["Household"], None], needed: Iterable[int]) -> None:
        """`live` is its life, which begins with `Household.begun`; `needed` are descriptors that it needs.

        Raises what `live` raised before that.
        """
        self._door, there = Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _live(live, there, set(needed))
        there.close()
        self.returncode: int | None = None
        self.adopts: str | None = None
        said = self._answer()
        if isinstance(said, BaseException):
            self.end()
            raise said
        self.started, self.adopts = said

    def ended(self) -> dict[int, int]:
        """Its children, and those that it has adopted, that have ended: number -> as subprocess.Popen.returncode."""
        return self._asked()[0]

    def childless(self) -> bool:
        """Whether all have: a list of processes may show neither one that has just ended nor the one that it forked."""
        return self._asked()[1]

    def below(self) -> list[Process]:
        """All that it has started, and zombies."""
        return [process for process in processes_of(self.pid) if process.pid != self.pid]

    def poll(self) -> int | None:
        """Its own return code; None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def end(self) -> None:
        """End it, and all that it has started."""
        if not self._door.closed:
            self._door.close()
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)
            deadline = Deadline(END_SECONDS + ANSWER_SECONDS)
            while self.poll() is None and not deadline.passed():
                time.sleep(POLL_SECONDS)
        if self.poll() is None:
            kill_all([*(process.pid for process in self.below()), self.pid])
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _asked(self) -> tuple[dict[int, int], bool]:
        self._door.send("?")
        found: tuple[dict[int, int], bool] = self._answer()
        return found

    def _answer(self) -> Any:
        """Raises AssertionError."""
        assert self._door.poll(Deadline(ANSWER_SECONDS).seconds), "the process that starts the server does not answer"
        try:
            return self._door.recv()
        except EOFError:
            raise AssertionError("the process that starts the server has ended") from None


class Household:
    """The process itself, and what it has started."""

    def __init__(self, door: Connection) -> None:
        self._door = door
        self._ended: dict[int, int] = {}
        self._adopts = adopt_orphans()
        self._woken, waking = os.pipe()
        for fd in (self._woken, waking):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self._own = {door.fileno(), self._woken, waking}

    def begun(self, pid: int, needed: Iterable[int] = ()) -> None:
        """The server was started, or can be; all descriptors but those that are still `needed` are closed."""
        close_all_but({*self._own, *needed})
        for _ in range(3):
            os.open(os.devnull, os.O_RDWR)
        self._door.send((pid, self._adopts))

    def wait(self, descriptors: Collection[int] = ()) -> set[int]:
        """Those of the descriptors that can be read, maybe none, once anything happens.

        Exits where the probe has gone.
        """
        poller = select.poll()
        for fd in (self._door.fileno(), self._woken, *descriptors):
            poller.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poller.poll()}
        with suppress(BlockingIOError):
            while os.read(self._woken, 4096):
                pass
        childless = self.reap()
        if self._door.fileno() in ready:
            try:
                self._door.recv()
                self._door.send((self._ended, childless))
            except (EOFError, OSError):
                sys.exit()
        return ready & {*descriptors}

    def runs(self, pid: int) -> bool:
        """Whether a child of this process does."""
        return pid not in self._ended

    def reap(self) -> bool:
        """Whether no child is left, and with it nothing below, where orphans are adopted."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                self._ended[found[0]] = os.waitstatus_to_exitcode(found[1])
            return False
        return True

    def end(self) -> None:
        """Kill what is left, again until nothing is: it may be forking."""
        deadline = Deadline(END_SECONDS)
        while not self.reap() and not deadline.passed():
            kill_all([each.pid for each in processes_of(os.getpid()) if each.pid != os.getpid()])
            time.sleep(POLL_SECONDS)


def _live(live: Callable[[Household], None], door: Connection, needed: set[int]) -> NoReturn:
    """The whole life of the process; never returns into pytest."""
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, frame: sys.exit())
        household = Household(door)
        try:
            live(household)
        except Exception as error:
            door.send(error)
        finally:
            household.end()
    finally:
        os._exit(0)
