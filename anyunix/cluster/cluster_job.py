"""Some cells on the workers of a cluster, from the first that is sent to the last result."""

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from anyunix.cluster.answer_message import CellAnswer, read_answer
from anyunix.cluster.dask_connection import DaskConnection, SchedulerGone, Sent, WorkerEvent
from anyunix.cluster.folder_archive import Travelling
from anyunix.cluster.members import Member, Members
from anyunix.cluster.order_message import order_of
from anyunix.cluster.shared_key import signed
from anyunix.cluster.waiting_cells import WaitingCell, WaitingCells
from anyunix.cluster.worker_description import boot_of_this_machine, needs_of
from anyunix.results.junit import BadResults
from anyunix.results.model import Artifacts, CellResult, Status
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.matrix import IDLE, Keeper, Watcher
from anyunix.text import first_line, listed, shortened

TRIES = 2
"""A cell that has killed so many workers is to blame."""
LOOK_SECONDS = 1.0
"""How often the scheduler is asked who is there."""
REJOIN_SECONDS = 60.0
"""How long a run without workers waits for one."""
LINE_LIMIT = 4096
"""Characters of what a worker tells that are taken."""
FOREIGN = "client-has-the-key"
"""A resource of workers that run what did not come with anyunix; Dask does not know it."""


class Pooled(Protocol):
    """What a job has of its pool."""

    connection: DaskConnection
    members: Members
    run_name: str
    key: bytes
    task: Callable[..., bytes]

    def travelling(self, cell: Cell, suite: Path) -> Travelling: ...

    def is_foreign(self, cell: Cell, suite: Path) -> bool: ...

    def next_number(self) -> int: ...


@dataclass
class Going:
    """A cell of the job."""

    place: int
    """Among the job's cells."""
    cell: Cell
    waiting: WaitingCell
    measures: bool = False
    sent: Sent | None = None
    killed: list[str] = field(default_factory=list)
    """Workers that were lost while they ran it."""


class Job:
    """Sends cells where they fit, and again where a worker was lost; each result counts once."""

    def __init__(
        self,
        pool: Pooled,
        cells: Sequence[Cell],
        how: SuiteOptions,
        watcher: Watcher,
        keeper: Keeper,
        known: frozenset[str],
        seconds: Sequence[float],
    ) -> None:
        """`known` are the names of the platforms that came with anyunix, `seconds` how long each cell is
        likely to take.
        """
        self._pool, self._how, self._watcher, self._keeper = pool, how, watcher, keeper
        self._results: list[CellResult | None] = [None] * len(cells)
        self._going = {
            number: Going(place, cell, self._planned(number, cell, known, seconds[place]))
            for place, cell in enumerate(cells)
            for number in [pool.next_number()]
        }
        boots = {member.description.boot for member in pool.members.there.values()}
        mine = boot_of_this_machine()
        homes = {each.waiting.platform: mine for each in self._going.values() if each.waiting.one_machine}
        self._waiting = WaitingCells((each.waiting for each in self._going.values()), homes if mine in boots else {})
        self._looked = 0.0
        self._empty_since = 0.0

    def run(self) -> list[CellResult]:
        """The results in the order of the cells. Raises ConfigurationError for what a user wrote."""
        self._watcher.begins([each.cell for each in self._going.values()])
        try:
            while self._going:
                self._look()
                self._send()
                self._give_up()
                self._hear()
        except SchedulerGone as reason:
            for number in list(self._going):
                self._end(number, "error", f"the scheduler of the cluster is gone ({reason}); --resume runs it")
        return [result for result in self._results if result is not None]

    def cancel(self) -> None:
        """End all that is under way."""
        self._pool.connection.cancel([each.sent for each in self._going.values() if each.sent is not None])
        for member in self._pool.members.there.values():
            member.running.clear()

    def _planned(self, number: int, cell: Cell, known: frozenset[str], seconds: float) -> WaitingCell:
        needs = needs_of(cell.platform, known)
        if self._pool.is_foreign(cell, self._how.suite):
            needs |= {FOREIGN}
        name = cell.platform.machine or cell.platform.name
        return WaitingCell(number, name, needs, seconds, cell.platform.options.is_this_machine)

    def _look(self) -> None:
        """Who is there, now and then; cells of workers that were lost wait again."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        known = self._pool.connection.workers()
        for lost in self._pool.members.see(known):
            if lost.address in known:
                self._pool.connection.remove(lost.address)
            for number in sorted(lost.running):
                self._run_again(number, lost)
        self._looked = time.monotonic()

    def _run_again(self, number: int, lost: Member) -> None:
        going = self._going.get(number)
        if going is None or going.sent is None:
            return
        self._pool.connection.cancel([going.sent])
        if self._has_another_try(going, lost.name):
            self._watcher.says(going.cell, f"runs again: {lost.name} was lost")
        else:
            self._end(number, "error", f"{listed(going.killed)} were lost while they ran it")

    def _has_another_try(self, going: Going, worker: str) -> bool:
        """Whether a cell that a worker did not bring waits again."""
        going.killed.append(worker)
        self._take_back(going)
        again = len(going.killed) < TRIES
        if again:
            self._waiting.add(going.waiting)
        return again

    def _take_back(self, going: Going) -> None:
        """No worker has it any more."""
        if going.measures:
            self._how.facts.give_up(going.cell.platform.name)
        going.sent = None

    def _send(self) -> None:
        """One cell to each worker in turn, so that few cells are shared by all."""
        turn = list(self._pool.members.there.values())
        while turn := [member for member in turn if member.free and self._send_one_to(member)]:
            pass

    def _send_one_to(self, member: Member) -> bool:
        """Whether there is one for it."""
        seat = member.seat
        if member.trusting:
            seat = replace(seat, resources=seat.resources | {FOREIGN})
        cell = self._waiting.next_for(seat, self._pool.members.seats)
        if cell is not None:
            self._send_to(member, self._going[cell.number])
        return cell is not None

    def _send_to(self, member: Member, going: Going) -> None:
        """Raises ConfigurationError."""
        cell, how, pool = going.cell, self._how, self._pool
        travelling = pool.travelling(cell, how.suite)
        going.measures = not cell.probes and how.facts.claim(cell.platform.name)
        number = going.waiting.number
        order = order_of(
            cell,
            how,
            run=pool.run_name,
            number=number,
            digests=travelling.digests,
            measures=going.measures,
            images=pool.members.image_sources(member, going.waiting.needs - {FOREIGN}, cell.platform.options.image_key),
        )
        going.sent = pool.connection.send(
            number,
            member.address,
            pool.task,
            signed(order, pool.key),
            travelling.subject,
            travelling.suite,
            resources=going.waiting.needs - {FOREIGN},
        )
        member.running.add(number)
        member.up.add(going.waiting.platform)
        self._watcher.works(member.name, f"{cell.name}")

    def _hear(self) -> None:
        """What happened until now; waits for it where nothing did."""
        try:
            happened = self._pool.connection.happened.get(timeout=LOOK_SECONDS)
            while True:
                if isinstance(happened, WorkerEvent):
                    self._told(happened.event)
                else:
                    self._ended(happened)
                happened = self._pool.connection.happened.get_nowait()
        except queue.Empty:
            return

    def _told(self, event: object) -> None:
        """What a worker says of a cell. Input is untrusted."""
        if not isinstance(event, Mapping) or not isinstance(number := event.get("number"), int):
            return
        going = self._going.get(number)
        if going is None or going.sent is None:
            return
        member = self._pool.members.there.get(going.sent.worker)
        if isinstance(text := event.get("says"), str):
            self._watcher.says(going.cell, first_line(text[:LINE_LIMIT]))
            if member is not None:
                self._watcher.works(member.name, f"{going.cell.name}: {first_line(text[:LINE_LIMIT])}")
        if self._how.hears is not None and isinstance(line := event.get("line"), str):
            self._how.hears(line[:LINE_LIMIT], lambda text: self._watcher.says(going.cell, text))

    def _ended(self, sent: Sent) -> None:
        """A task has: with a result, or because its worker was lost, which _look finds out by itself. Raises
        SchedulerGone.
        """
        going = self._going.get(sent.number)
        if going is None or going.sent is not sent:
            return  # an earlier try's: it counts no more
        if sent.future.status == "cancelled":  # not by us: Dask does, where the connection to its scheduler breaks
            raise SchedulerGone("the connection to it broke")
        if not sent.finished and sent.future.status != "error":
            return
        member = self._pool.members.there.get(sent.worker)
        name = member.name if member else sent.worker
        if member is not None:
            member.running.discard(sent.number)
            self._watcher.works(member.name, IDLE if not member.running else f"{len(member.running)} cells")
        try:
            if sent.future.status == "error":
                raise BadResults("its task failed there; the worker's own log says how")
            answer = read_answer(sent.result(), going.cell, name)
        except BadResults as error:
            self._end(sent.number, "error", f"{name}: {error}")
        except SchedulerGone as reason:
            self._looked = 0.0
            if not self._has_another_try(going, name):
                self._end(sent.number, "error", f"no answer came from {listed(going.killed)}: {shortened(str(reason))}")
        else:
            self._answered(sent.number, going, answer, member)

    def _answered(self, number: int, going: Going, answer: CellAnswer, member: Member | None) -> None:
        if answer.leaving:
            if member is not None:
                member.leaving = True
            self._take_back(going)
            self._waiting.add(going.waiting)
            return
        if going.measures and not answer.measured:
            self._how.facts.give_up(going.cell.platform.name)
        if answer.result is None:
            self._end(number, "error", f"{member.name if member else 'a worker'}: {answer.refused}")
            return
        if member is not None:
            self._pool.members.did(member)
        self._how.durations.add(answer.result.probes)
        self._take(number, answer.result, answer.artifacts)

    def _give_up(self) -> None:
        """On cells that none of the workers can run, once nothing else goes on; on all, where no worker comes back."""
        members = self._pool.members.there
        if members:
            self._empty_since = 0.0
            if not any(member.running or member.leaving for member in members.values()):
                for cell in self._waiting.all():
                    self._end(cell.number, "not-run", self._why_nowhere(cell))
            return
        self._empty_since = self._empty_since or time.monotonic()
        if time.monotonic() - self._empty_since > REJOIN_SECONDS:
            for number in list(self._going):
                self._end(
                    number, "error", f"no worker of the cluster was left for {REJOIN_SECONDS:g} s; --resume runs it"
                )

    def _why_nowhere(self, cell: WaitingCell) -> str:
        members = self._pool.members.there.values()
        lacking = sorted(cell.needs - {FOREIGN})
        if any(cell.needs - {FOREIGN} <= frozenset(member.description.resources) for member in members):
            return (
                "its subject, its platform file or its probes did not come with anyunix, and no worker that could run "
                "them has this client's key: --cluster-key FILE here, and `anyunix worker --key FILE` there"
            )
        base = self._going[cell.number].cell.platform.base
        reasons = [
            f"{member.name}: {member.description.lacks[base]}" for member in members if base in member.description.lacks
        ]
        return f"no worker of the cluster has {listed(lacking)}" + (f"; {first_line(reasons[0])}" if reasons else "")

    def _end(self, number: int, status: Status, reason: str) -> None:
        """A cell's result without any probe."""
        self._take(number, self._going[number].cell.result(status, reason), Artifacts())

    def _take(self, number: int, result: CellResult, artifacts: Artifacts) -> None:
        going = self._going.pop(number)
        self._results[going.place] = result
        self._keeper.keep(result, artifacts)
        self._watcher.done(going.cell, result)
