"""Probes side by side: most of them wait most of the time, for a deadline or a tracer's delay.

pytest collects once and then forks; each worker runs what it is handed and sends its reports back, so that results are
written in one place and by pytest's own means. A worker leads a session of its own, as the one process did.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol

from support.child import describe_status
from support.cpus import cpus, crowded
from support.deadline import SLOWNESS
from support.memory import kills, own_cgroup
from support.order import ROOTS, chains
from support.subject import subject_from_environment

WORKERS_VARIABLE = "ANYUNIX_WORKERS"
"""How many; 0 for as many as the CPUs can take. Without it, or with 1, one process runs all of it."""
WORKERS_A_CPU = 4
"""The probes that take longest wait (docs/speed.md), and another one begins only while a CPU is free for it."""
WANTED_A_CPU = 2
"""Processes that want to run, at most, when another probe begins. With one, CPUs idle between two short probes."""
MOST_WORKERS = 16
LONGEST_VARIABLE = "ANYUNIX_LONGEST"
"""A JSON list of probes that took long elsewhere, the longest first: they begin first."""
LOOK_SECONDS, BUSY_SECONDS = 0.5, 0.02
"""From one look at the workers to the next; while CPUs are busy that another probe waits for."""
LAST_SECONDS = 5.0
"""For probes that run while another one ends its process, and all with it."""
CRASHED = 70
"""The exit status of a worker in which something other than a probe failed; pytest's own go up to 5."""

Reports = list[dict[str, Any]]
"""Those of one probe, as pytest_report_to_serializable makes them."""
Told = tuple[Reports, bool, dict[str, str]]
"""And whether it failed while the memory limit, which all share, killed a process; and what order.ROOTS holds then."""


class Lost(Exception):
    """A worker ended in the middle of a probe."""

    def __init__(self, item: pytest.Item, status: int | None) -> None:
        self.item, self.status = item, status or 0
        super().__init__(f"the process of this probe ended: {describe_status(self.status)}")


class Workers:
    """A plugin of pytest that runs what was collected."""

    def __init__(self, number: int, longest: Sequence[str]) -> None:
        self._number, self._longest = number, longest

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed or session.config.option.collectonly:
            return None
        alone = [item for item in session.items if item.get_closest_marker("alone")]
        together = [item for item in session.items if item not in alone]
        try:
            with Crew(session, min(self._number, len(session.items))) as crew:
                crew.run(longest_first(chains(together, subject_from_environment()), self._longest))
                for item in alone:
                    crew.run([[item]], alone=True)
                for item in list(crew.disturbed):
                    crew.disturbed.pop(item)
                    crew.run([[item]], alone=True)
        except Lost as lost:
            end_as(session, lost)
        return True


def workers_from_environment() -> Workers | None:
    """As the variables say; None where one process is to do it all."""
    number = int(os.environ.get(WORKERS_VARIABLE) or 1) or usual_number()
    return Workers(number, json.loads(os.environ.get(LONGEST_VARIABLE) or "[]")) if number > 1 else None


def usual_number() -> int:
    """By the CPUs; where nothing tells whether they are busy, or they are emulated and always are, one for each."""
    return min(cpus() * (1 if SLOWNESS > 1 or crowded(WANTED_A_CPU) is None else WORKERS_A_CPU), MOST_WORKERS)


def longest_first(tasks: Sequence[list[pytest.Item]], longest: Sequence[str]) -> list[list[pytest.Item]]:
    """The tasks with the probes that take longest before all others, which stay in their order."""
    rank = {probe: number for number, probe in enumerate(longest)}
    return sorted(tasks, key=lambda task: min(rank.get(item.nodeid, len(rank)) for item in task))


def end_as(session: pytest.Session, lost: Lost) -> NoReturn:
    """End as pytest does when a probe ends it: in the middle of that probe, with its status and without results."""
    session.config.hook.pytest_runtest_logstart(nodeid=lost.item.nodeid, location=lost.item.location)
    print(f"\n{lost}", flush=True)
    os._exit(128 + os.WTERMSIG(lost.status) if os.WIFSIGNALED(lost.status) else os.WEXITSTATUS(lost.status))


class Crew:
    """The workers of one run, which end with it."""

    def __init__(self, session: pytest.Session, number: int) -> None:
        self._session = session
        self.disturbed: dict[pytest.Item, Reports] = {}
        """Probes that failed while the memory limit killed a process, which need not have been theirs."""
        self._roots: dict[str, str] = {}
        self._numbers = {item: number for number, item in enumerate(session.items)}
        self._workers: list[Worker] = []
        for _ in range(number):
            self._workers.append(Worker(session, self._workers))

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        for worker in self._workers:
            worker.end(at_once=kind is not None)

    def run(self, tasks: Sequence[list[pytest.Item]], *, alone: bool = False) -> None:
        """Run all of them, in this order as workers get free; the probes of one task one after the other. Where each
        is `alone`, none can be disturbed by another.

        Raises Lost, once the other workers have ended what they were at.
        """
        waiting, idle, busy = list(reversed(tasks)), list(self._workers), list[Worker]()
        try:
            while waiting or busy:
                while waiting and idle and (len(busy) < cpus() or not crowded(WANTED_A_CPU)):
                    busy.append(idle.pop())
                    task = waiting.pop()
                    busy[-1].begin(task, [self._numbers[item] for item in task], self._roots)
                idle += self._listen(busy, alone, BUSY_SECONDS if waiting and idle else LOOK_SECONDS)
        except Lost as lost:
            others = [worker for worker in busy if worker.item is not lost.item]
            end = time.monotonic() + LAST_SECONDS
            with suppress(Lost):
                while others and time.monotonic() < end:
                    self._listen(others, alone, LOOK_SECONDS)
            for reports in self.disturbed.values():
                self._tell(reports)
            raise

    def _listen(self, busy: "list[Worker]", alone: bool, seconds: float) -> "list[Worker]":
        """Hand on what comes next; those that are done, which are taken out of the list. Raises Lost."""
        ready = wait([worker.connection for worker in busy], seconds)
        for worker in busy if not ready else ():
            worker.check()
        done = []
        for worker in [worker for worker in busy if worker.connection in ready]:
            item = worker.item
            reports, disturbed, roots = worker.told()
            self._roots.update(roots)
            if disturbed and not alone:
                self.disturbed[item] = reports
            else:
                self._tell(reports)
            if not worker.tasks:
                busy.remove(worker)
                done.append(worker)
        return done

    def _tell(self, reports: Reports) -> None:
        """Hand the reports of one probe on, as if it had run here."""
        hook, config = self._session.config.hook, self._session.config
        told = [hook.pytest_report_from_serializable(config=config, data=data) for data in reports]
        hook.pytest_runtest_logstart(nodeid=told[0].nodeid, location=told[0].location)
        for report in told:
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=told[0].nodeid, location=told[0].location)


class Worker:
    """A forked process, as its parent sees it."""

    def __init__(self, session: pytest.Session, others: "Sequence[Worker]") -> None:
        """`others` are those that were forked before."""
        self.connection, theirs = Pipe()
        self.tasks: list[pytest.Item] = []
        """What it has not sent the reports of, the one that it runs first."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._status: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            for connection in (self.connection, *(other.connection for other in others)):
                connection.close()  # each ends when its parent does
            work(session, theirs)
        theirs.close()

    def begin(self, tasks: Sequence[pytest.Item], numbers: Sequence[int], roots: dict[str, str]) -> None:
        """`numbers` are theirs among all that were collected, `roots` those of all workers (order.ROOTS)."""
        self.tasks = list(tasks)
        self.connection.send((numbers, roots))

    @property
    def item(self) -> pytest.Item:
        """The probe that it is at."""
        return self.tasks[0]

    def told(self) -> Told:
        """What it has sent of the probe that it was at. Raises Lost when it ended instead."""
        try:
            told: Told = self.connection.recv()
        except (EOFError, ConnectionError):
            raise Lost(self.item, self._ended(0)) from None
        self.tasks.pop(0)
        return told

    def check(self) -> None:
        """Raises Lost when it has ended: a child of its probe's may still hold its end of the connection."""
        status = self._ended(os.WNOHANG)
        if status is not None and not self.connection.poll():
            raise Lost(self.item, status)

    def end(self, *, at_once: bool) -> None:
        self.connection.close()
        if at_once and self._status is None:
            with suppress(OSError):
                os.killpg(self._pid, signal.SIGKILL)
        self._ended(0)

    def _ended(self, how: int) -> int | None:
        """Its wait status, once there is one."""
        if self._status is None:
            pid, status = os.waitpid(self._pid, how)
            self._status = status if pid else None
        return self._status


class Reporting:
    """A plugin of pytest that sends the reports of each probe, in the place of showing and writing them."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection, self._cgroup = connection, own_cgroup()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        hook, config = item.config.hook, item.config
        before = self._kills()
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        disturbed = any(report.failed for report in reports) and self._kills() > before
        self._connection.send(
            (
                [hook.pytest_report_to_serializable(config=config, report=report) for report in reports],
                disturbed,
                config.stash.get(ROOTS, {}),
            )
        )
        return True

    def _kills(self) -> int:
        return kills(self._cgroup) if self._cgroup else 0


def work(session: pytest.Session, connection: "Connection[Any, Any]") -> NoReturn:
    """Run what the parent says until it says no more."""
    status = CRASHED
    try:
        os.setsid()
        capture = session.config.pluginmanager.getplugin("capturemanager")
        if capture is not None:  # what is captured goes into files, which the workers would share
            capture.stop_global_capturing()
            capture.start_global_capturing()
            capture.suspend_global_capture()
        session.config.pluginmanager.register(Reporting(connection))
        with suppress(EOFError):
            while True:
                numbers, roots = connection.recv()
                session.config.stash.setdefault(ROOTS, {}).update(roots)
                for number in numbers:
                    item = session.items[number]
                    item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        status = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
