"""CPU by program, of everything that a command starts: the kernel's own record of each task that ends.

taskstats (Documentation/accounting/taskstats.rst) brings, for each task that ends, the nanoseconds it ran; the process
events connector (linux/cn_proc.h) who forked it and when it became another program, so that tasks of others are left
out, and `python3 server.py` is told from `python3 -m pytest`. acct(2) needs less, but drops what is below 10 ms, which
most processes of a cell are, and knows only the first 15 characters of a name. Both need root and Linux.
"""

import os
import select
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from speeds.programs import program

NETLINK_CONNECTOR, NETLINK_GENERIC, RECEIVE_BUFFER_FORCE = 11, 16, 33
NLM_REQUEST, NLM_ACK, NLMSG_DONE, NLMSG_ERROR, GENERIC_CONTROL = 1, 4, 3, 2, 16
GET_FAMILY, FAMILY_ID, FAMILY_NAME = 3, 1, 2
TASKSTATS_GET, REGISTER_CPUS = 1, 3
OF_A_TASK, ID, STATS = 4, 1, 3
RAN, NAME, PID = 72, slice(80, 112), 128
"""Where struct taskstats (linux/taskstats.h) has cpu_run_virtual_total, in nanoseconds, ac_comm and ac_pid."""
PROCESS_EVENTS, LISTEN = (1, 1), 1
EVENT, EVENT_DATA = 36, 52
"""Where a message of the connector has struct proc_event, behind two headers, and what is known of the event."""
FORK, EXEC = 1, 2
BUFFER = 16 * 1024 * 1024
WAIT_MILLISECONDS = 50
LATE_SECONDS = 1.0
"""That the last records have to come, once all is over; what then still runs is not counted."""


class NoRecords(Exception):
    """Why the kernel gives none."""


@dataclass
class Ledger:
    """Whose CPU time is whose, from events in their order."""

    programs: dict[int, str]
    """Process -> what it runs; of the processes that are ours, and empty where it was too quick to be looked at."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    tasks: dict[int, int] = field(default_factory=dict)
    """Task -> its process."""
    problem: str = ""
    """Why not all of it is there."""

    def forked(self, parent: int, task: int, process: int) -> None:
        """A thread belongs to its process, a process runs what its parent does."""
        if task != process and process in self.tasks:
            self.tasks[task] = process
        elif task == process and parent in self.programs:
            self.tasks[task], self.programs[task] = task, self.programs[parent]

    def became(self, process: int, name: str) -> None:
        if process in self.programs:
            self.programs[process] = name

    def ended(self, task: int, name: str, seconds: float) -> None:
        """`name` is the kernel's, for want of a better one."""
        process = self.tasks.pop(task, None)
        if process is not None:
            self.seconds[self.programs[process] or name] += seconds


@contextmanager
def observed() -> Iterator[Mapping[str, float]]:
    """Program -> seconds of CPU, of all that this process starts meanwhile; complete at the end. Raises NoRecords."""
    ledger = Ledger({os.getpid(): "this tool"})
    with _sockets() as (events, records):
        over = threading.Event()
        reader = threading.Thread(target=_read, args=(events, records, ledger, over), daemon=True)
        reader.start()
        try:
            yield ledger.seconds
        finally:
            over.set()
            reader.join()
        if ledger.problem:
            raise NoRecords(ledger.problem)


def task_records(message: bytes) -> Iterator[tuple[int, str, float]]:
    """Task, name and CPU seconds of each record in a message of taskstats. Raises NoRecords for an unknown form."""
    for kind, value in attributes(message[20:]):
        if kind == OF_A_TASK:
            parts = dict(attributes(value))
            (task,), stats = struct.unpack("I", parts[ID][:4]), parts[STATS]
            if struct.unpack_from("I", stats, PID)[0] != task:
                raise NoRecords("this kernel's struct taskstats is another than the one known here")
            yield (
                task,
                stats[NAME].split(b"\0")[0].decode(errors="replace"),
                struct.unpack_from("Q", stats, RAN)[0] / 1e9,
            )


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Those of netlink: length, kind, value, padded to four bytes."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("HH", data)
        if length < 4:
            return
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3 :]


@contextmanager
def _sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    try:
        with (
            socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_CONNECTOR) as events,
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as records,
        ):
            for each, groups in ((events, PROCESS_EVENTS[0]), (records, 0)):
                each.setsockopt(socket.SOL_SOCKET, RECEIVE_BUFFER_FORCE, BUFFER)
                each.bind((0, groups))
            events.send(_connector_message(LISTEN))
            records.send(_generic(GENERIC_CONTROL, GET_FAMILY, _attribute(FAMILY_NAME, b"TASKSTATS\0")))
            family = struct.unpack("H", dict(attributes(_answer(records)[20:]))[FAMILY_ID][:2])[0]
            cpus = f"0-{(os.cpu_count() or 1) - 1}\0".encode()
            records.send(_generic(family, TASKSTATS_GET, _attribute(REGISTER_CPUS, cpus), NLM_REQUEST | NLM_ACK))
            _answer(records)
            yield events, records
    except OSError as error:
        raise NoRecords(f"the kernel gives no records of ended tasks: {error.strerror}; it takes root") from None


def _read(events: socket.socket, records: socket.socket, ledger: Ledger, over: threading.Event) -> None:
    """Until it is over and all ends are known. All events first: a task's fork has to be known before its end."""
    poll = select.poll()
    for each in (events, records):
        poll.register(each, select.POLLIN)
    late = float("inf")
    while True:
        if ended := over.is_set():  # asked before the last look
            late = min(late, time.monotonic() + LATE_SECONDS)
        poll.poll(WAIT_MILLISECONDS)
        # where some are lost, ENOBUFS, the sum is less than what the control group counted
        for message in _all(records):
            for event in _all(events):
                _note(event, ledger)
            try:
                for task, name, seconds in task_records(message):
                    ledger.ended(task, name, seconds)
            except NoRecords as error:
                ledger.problem = str(error)
        for event in _all(events):
            _note(event, ledger)
        if ended and (not ledger.tasks or time.monotonic() > late):
            return


def _note(message: bytes, ledger: Ledger) -> None:
    what = struct.unpack_from("I", message, EVENT)[0]
    if what == FORK:
        _, parent, task, process = struct.unpack_from("IIII", message, EVENT_DATA)
        ledger.forked(parent, task, process)
    elif what == EXEC:
        process = struct.unpack_from("II", message, EVENT_DATA)[1]
        words: list[str] = []
        with suppress(OSError):
            words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        ledger.became(process, program(words))


def _all(source: socket.socket) -> Iterator[bytes]:
    """The messages that are there."""
    with suppress(OSError):
        while True:
            yield source.recv(65536, socket.MSG_DONTWAIT)


def _answer(records: socket.socket) -> bytes:
    message = records.recv(65536)
    kind, error = struct.unpack_from("H", message, 4)[0], struct.unpack_from("i", message, 16)[0]
    if kind == NLMSG_ERROR and error:
        raise OSError(-error, os.strerror(-error))
    return message


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def _generic(family: int, command: int, data: bytes, flags: int = NLM_REQUEST) -> bytes:
    body = struct.pack("BBH", command, 1, 0) + data
    return struct.pack("IHHII", 16 + len(body), family, flags, 1, 0) + body


def _connector_message(operation: int) -> bytes:
    data = struct.pack("I", operation)
    body = struct.pack("IIIIHH", *PROCESS_EVENTS, 0, 0, len(data), 0) + data
    return struct.pack("IHHII", 16 + len(body), NLMSG_DONE, 0, 0, os.getpid()) + body
