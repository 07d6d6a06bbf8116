"""One run of a chat server: all its clients receive everything, and each delivery shows how late it is."""

import json
import secrets
import select
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .cgroup import ControlGroup, own_group
from .conditions import NOTHING_ON, Conditions
from .experiment import END_SECONDS, NotMeasured, allow_descriptors, check_conditions, line_of, pin, split_cpus, started
from .meter import Meter
from .tree import Usage

CHAT, BARE = "chat", "bare"
RECORD_BYTES = 27
"""`<c10> ` and twenty digits and LF."""


@dataclass(frozen=True)
class ChatPoint:
    """What is measured, and under which load."""

    server: str
    clients: int
    rate: float
    """Messages a second, of all clients together; 0: each sends its next one when it has seen its last."""
    seconds: float
    repeat: int = 1


@dataclass(frozen=True)
class ChatMeasured:
    """What came of it."""

    point: ChatPoint
    invalid: str = ""
    messages: int = 0
    deliveries: int = 0
    seconds: float = 0.0
    median_us: float = 0.0
    """Of the time from a client's write to another's (or its own) read."""
    p99_us: float = 0.0
    opening_seconds: float = 0.0
    """Until all clients were connected and let in."""
    cpu_seconds: float = 0.0
    """Of the server's processes, from when all were let in."""
    calls: int | None = None
    processes: int = 0
    memory_bytes: int = 0
    differences: tuple[str, ...] = ()
    """That were on in the server."""


@dataclass(frozen=True)
class BareCosts:
    """Nanoseconds of CPU a call, for a record of the size that the clients send."""

    read_socket: float
    write_log: float
    read_log: float
    write_socket: float


@dataclass(frozen=True)
class _Running:
    """A chat server, and how it is reached."""

    process: "subprocess.Popen[str]"
    port: int
    key: Path
    meter: Meter


def measure_chat(
    point: ChatPoint, command: Sequence[str], load: str, cpus: int = 1, conditions: Conditions = NOTHING_ON
) -> ChatMeasured:
    """Run it. A server that dies or loses what is switched on for it, or a message that does not come, is an invalid
    run.
    """
    own, others = split_cpus(cpus)
    try:
        allow_descriptors()
        with own_group() as group, chat_started(command, point.clients, own, group, conditions) as server:
            return _under_load(point, server, load, others, conditions)
    except (NotMeasured, OSError, ValueError) as error:
        return ChatMeasured(point, invalid=str(error))


@contextmanager
def chat_started(
    command: Sequence[str], clients: int, cpus: set[int], group: ControlGroup | None, conditions: Conditions
) -> Iterator[_Running]:
    """A chat server with a log and a key of its own; all of it is gone afterwards. Raises NotMeasured, OSError."""
    with tempfile.TemporaryDirectory(prefix="chat-", dir=".") as name:
        log, key = str(Path(name, "log").absolute()), Path(name, "key").absolute()
        key.touch(mode=0o600)
        key.write_text(secrets.token_hex(64) + "\n")
        loud = ("sh", "-c", 'exec "$@" >&2', "sh", *_order(command, log, str(key), clients))
        with started(loud, cpus, group, conditions) as (process, port, meter):
            yield _Running(process, port, key, meter)


def bare_costs(program: str, cpus: int) -> BareCosts:
    """Raises NotMeasured."""
    own, _ = split_cpus(cpus)
    with (
        tempfile.TemporaryDirectory(prefix="bare-", dir=".") as name,
        subprocess.Popen(
            [program, str(Path(name, "log")), str(RECORD_BYTES)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        pin(process.pid, own)
        out, errors = process.communicate(timeout=END_SECONDS)
    if process.returncode:
        raise NotMeasured(line_of(errors))
    return BareCosts(**json.loads(out))


def _order(command: Sequence[str], log: str, key: str, clients: int) -> list[str]:
    if command[-1].endswith("asyncio_chat.py"):
        return [*command, log, key]
    return [
        *command,
        "--bind",
        "ipv4",
        "--host",
        "127.0.0.1",
        "--log",
        log,
        "--key-file",
        key,
        "--max-clients",
        str(clients),
    ]


def _under_load(point: ChatPoint, server: _Running, load: str, cpus: set[int], conditions: Conditions) -> ChatMeasured:
    """Raises NotMeasured, OSError, ValueError."""
    process, meter = server.process, server.meter
    where = "127.0.0.1", str(server.port), str(server.key)
    clients = subprocess.Popen(
        [load, *where, str(point.clients), f"{point.seconds:g}", f"{point.rate:g}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        pin(clients.pid, cpus)
        _answer(clients, END_SECONDS)  # OPEN
        check_conditions(process, conditions)
        before, memory = meter.read(), meter.memory()
        _go_on(clients)
        said = _answer(clients, point.seconds + END_SECONDS)
        after = meter.read()
    except NotMeasured as error:
        died = f"; the server died: exit status {process.returncode}" if process.poll() is not None else ""
        raise NotMeasured(f"{error}{died}") from None
    finally:
        clients.kill()
        clients.communicate()
    return _measured(point, json.loads(said), before, after, memory)


def _answer(clients: "subprocess.Popen[str]", seconds: float) -> str:
    """Their next line. Raises NotMeasured with what they said instead."""
    assert clients.stdout is not None
    assert clients.stderr is not None
    if not select.select([clients.stdout], [], [], seconds)[0]:
        raise NotMeasured(f"the clients say nothing for {seconds:g} s")
    line = clients.stdout.readline()
    if not line:
        raise NotMeasured(line_of(clients.stderr.read()) or f"the clients ended with status {clients.wait()}")
    return line


def _go_on(clients: "subprocess.Popen[str]") -> None:
    assert clients.stdin is not None
    clients.stdin.write("\n")
    clients.stdin.flush()


def _measured(point: ChatPoint, said: dict[str, float], before: Usage, after: Usage, memory: int) -> ChatMeasured:
    invalid = f"{said['lost']:.0f} deliveries did not come" if said["lost"] else ""
    due = point.rate * point.seconds
    if said["messages"] < 0.99 * due:
        invalid = f"the rate was not kept: {said['messages']:.0f} of {due:.0f} messages went out"
    calls = None if before.calls is None or after.calls is None else after.calls - before.calls
    return ChatMeasured(
        point,
        invalid,
        int(said["messages"]),
        int(said["deliveries"]),
        said["seconds"],
        said["median_us"],
        said["p99_us"],
        said["opening_seconds"],
        after.cpu_seconds - before.cpu_seconds,
        calls,
        after.processes,
        memory,
    )
