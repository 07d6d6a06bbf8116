"""Which runs an experiment has, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from anyunix.bench.remote.experiment import Point

FORMS = ("paper", "like")
"""As in the paper: own reads, own formatting. Like for like: the same reads, a single write for each."""
PAPERS = (1, 2, 4, 8, 16, 32, 64)
"""Connections, as in the paper's Table I."""
RATE = 1_000_000.0
"""Bits per second, for each connection."""
SIZE = 1250
"""Bytes per write in the table over connections."""
SIZES = (8, 128, 1250, 4096)
FEW = 4
"""Connections at which the smallest writes are measured: 8 bytes at 1 Mbit/s are 15,625 writes a second for each."""
SMALL = 128
"""Bytes per write from which on the rate can be kept at 64 connections too."""


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    connections: tuple[int, ...]
    seconds: float
    sizes: tuple[int, ...]
    repeats: int


QUICK = Scale((8, 64), 2.0, (8, 128, 1250), 1)


def points(servers: Sequence[str], scale: Scale) -> list[Point]:
    """Every run, the servers one after the other at each point, so that drift of the machine hits all alike."""
    loads = [(connections, SIZE) for connections in scale.connections]
    for size in scale.sizes:
        connections = axis_connections(size, scale)
        if (connections, size) not in loads:
            loads.append((connections, size))
    return [
        Point(server, form, connections, size, RATE, scale.seconds, repeat)
        for repeat in range(1, scale.repeats + 1)
        for connections, size in loads
        for form in FORMS
        for server in servers
    ]


def axis_connections(size: int, scale: Scale) -> int:
    """At how many connections a size of writes is measured: the most, for the smallest writes a few."""
    most = max(scale.connections)
    return most if size >= SMALL else min(FEW, most)
