"""The chat server's own benchmark: which runs it has, and what they amount to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from anyunix.bench.remote.chat_run import BareCosts, ChatMeasured, ChatPoint

PACED = 100.0
"""Messages a second, at which latency is measured: few enough that none waits for the one before."""


@dataclass(frozen=True)
class ChatScale:
    """How much is measured."""

    clients: tuple[int, ...]
    seconds: float
    repeats: int


QUICK_CHAT = ChatScale((1, 8, 64), 2.0, 1)


@dataclass(frozen=True)
class ChatSummary:
    """All valid runs of one point."""

    point: ChatPoint
    """Its `repeat` is how many runs count."""
    messages_a_second: float
    median_us: float
    p99_us: float
    cpu_us: float
    """CPU of the server for one message delivered to one client, in microseconds."""
    calls: float | None
    """System calls for it."""
    opened_a_second: float
    """Clients let in, each of which is two forks in a fork-based server."""
    memory_bytes: int
    processes: int


def chat_points(servers: Sequence[str], scale: ChatScale) -> list[ChatPoint]:
    """Every run, the servers one after the other at each point."""
    return [
        ChatPoint(server, clients, rate, scale.seconds, repeat)
        for repeat in range(1, scale.repeats + 1)
        for clients in scale.clients
        for rate in (PACED, 0.0)
        for server in servers
    ]


def summarize_chat(measured: Iterable[ChatMeasured]) -> list[ChatSummary]:
    """Each point that has a valid run; the others are discarded and excluded from all averages."""
    runs: dict[ChatPoint, list[ChatMeasured]] = {}
    for run in measured:
        if not run.invalid and run.deliveries and run.seconds and run.opening_seconds:
            runs.setdefault(replace(run.point, repeat=0), []).append(run)
    return [_cell(replace(point, repeat=len(several)), several) for point, several in runs.items()]


def _cell(point: ChatPoint, runs: Sequence[ChatMeasured]) -> ChatSummary:
    calls = [run.calls / run.deliveries for run in runs if run.calls is not None]
    return ChatSummary(
        point,
        fmean(run.messages / run.seconds for run in runs),
        fmean(run.median_us for run in runs),
        fmean(run.p99_us for run in runs),
        1e6 * fmean(run.cpu_seconds / run.deliveries for run in runs),
        fmean(calls) if calls else None,
        fmean(point.clients / run.opening_seconds for run in runs),
        max(run.memory_bytes for run in runs),
        max(run.processes for run in runs),
    )


def bare_us(costs: BareCosts, clients: int) -> float:
    """Microseconds of CPU for one message delivered to one client, each read, stored, read and written alone."""
    return ((costs.read_socket + costs.write_log) / clients + costs.read_log + costs.write_socket) / 1000
