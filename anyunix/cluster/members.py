"""The workers of a cluster, as a client sees them: who is there, who may work for it, who was lost."""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from anyunix.cluster.order_message import ImageSources
from anyunix.cluster.shared_key import proof
from anyunix.cluster.waiting_cells import Seat
from anyunix.cluster.worker_description import WorkerDescription, read_description
from anyunix.results.model import WorkerResult
from anyunix.run.matrix import LOST, REFUSED
from anyunix.text import safe

HANG_SECONDS = 60.0
"""A worker whose scheduler has not heard of it for so long is lost; Dask itself waits five minutes."""
NAME_LIMIT = 80
SOURCES = 16
"""Workers that are asked for an image."""


@dataclass
class Member:
    """One worker that works for this client."""

    address: str
    name: str
    description: WorkerDescription
    threads: int
    trusting: bool
    """Whether it has the client's key, so that it runs what did not come with anyunix."""
    heard: Any = None
    """When its scheduler heard of it last, by the scheduler's clock."""
    heard_at: float = 0.0
    """When that was seen here."""
    running: set[int] = field(default_factory=set)
    """Numbers of cells."""
    up: set[str] = field(default_factory=set)
    """Platforms that it has up for this client."""
    leaving: bool = False
    """Whether it has said that it is being ended."""

    @property
    def seat(self) -> Seat:
        return Seat(self.description.boot, frozenset(self.description.resources), frozenset(self.up))

    @property
    def free(self) -> int:
        return 0 if self.leaving else max(0, self.threads - len(self.running))


@dataclass(frozen=True)
class WantedWorker:
    """What a worker has to have in common with this client."""

    version: str
    content: str
    key: bytes


class Members:
    """Keeps up with a scheduler's list of workers."""

    def __init__(
        self, wanted: WantedWorker, tell: Callable[[str, str], None], clock: Callable[[], float] = time.monotonic
    ):
        """`tell` is told a worker's name, and what became of it."""
        self._wanted, self.tell, self._clock = wanted, tell, clock
        self.there: dict[str, Member] = {}
        self.refused: dict[str, str] = {}
        """Address -> why it may not work for this client."""
        self._done: dict[str, int] = {}
        self._left: dict[str, str] = {}
        self._silent: dict[str, Any] = {}
        """Address -> when the scheduler heard last of a worker that was lost, and is still known there."""
        self._makers: dict[Hashable, str] = {}
        """Image -> the address of the worker that makes it."""

    def see(self, workers: Mapping[str, Mapping[str, Any]]) -> list[Member]:
        """What the scheduler knows now; the workers that were lost since then."""
        for address, known in workers.items():
            if address not in self.there and address not in self.refused and not self._is_silent(address, known):
                self._join(address, known)
        lost = []
        for address, member in list(self.there.items()):
            if reason := self._why_lost(member, workers.get(address)):
                lost.append(self.there.pop(address))
                self._silent[address] = member.heard
                self._left[member.name] = reason
                self.tell(member.name, f"{LOST}{reason}")
        for gone in (self.refused.keys() | self._silent.keys()) - workers.keys():
            self.refused.pop(gone, None)
            self._silent.pop(gone, None)
        return lost

    def did(self, member: Member) -> None:
        """It brought a result."""
        self._done[member.name] = self._done.get(member.name, 0) + 1

    def image_sources(self, member: Member, needs: frozenset[str], image: Hashable) -> ImageSources | None:
        """Who may have the image that a cell for this worker needs; one of all makes it where nobody has it."""
        if image is None or not member.trusting:
            return None
        able = [
            each.address for each in self.there.values() if each.trusting and needs <= {*each.description.resources}
        ]
        if self._makers.get(image) not in able:
            self._makers[image] = member.address
        maker = self._makers[image]
        others = sorted((each for each in able if each != member.address), key=lambda each: each != maker)
        return ImageSources(tuple(others[:SOURCES]), makes=maker == member.address)

    @property
    def seats(self) -> int:
        """Cells that run at a time."""
        return sum(member.threads for member in self.there.values())

    def results(self) -> tuple[WorkerResult, ...]:
        """All that worked for this client."""
        names = dict.fromkeys([*self._done, *(member.name for member in self.there.values()), *self._left])
        return tuple(WorkerResult(name, self._done.get(name, 0), self._left.get(name, "")) for name in names)

    def _join(self, address: str, known: Mapping[str, Any]) -> None:
        name = _one_line(str(known.get("name", ""))) or _one_line(address)
        found = read_description(known.get("metrics"), name)
        reason = found if isinstance(found, str) else self._unfit(name, found)
        if isinstance(found, str) or reason:
            self.refused[address] = reason
            self.tell(name, f"{LOST}{REFUSED}{reason}")
            if not isinstance(found, str):  # else it is any other Dask worker, which is nobody's loss
                self._left[name] = f"{REFUSED}{reason}"
            return
        host = _one_line(found.host)
        shown = f"{name} on {host}" if host not in name else name
        if shown in {member.name for member in self.there.values()}:
            shown = f"{shown[:NAME_LIMIT]} at {_one_line(address)}"
        trusting = bool(self._wanted.key) and found.proof == proof(address, self._wanted.key)
        threads = known.get("nthreads")
        seats = threads if isinstance(threads, int) and 0 < threads < 10_000 else 1
        self.there[address] = Member(address, shown, found, seats, trusting, heard_at=self._clock())
        self.tell(shown, "joined")

    def _unfit(self, name: str, found: WorkerDescription) -> str:
        if found.version != self._wanted.version:
            return (
                f"{name} has anyunix {_one_line(found.version)}, this is {self._wanted.version}: "
                f"pip install 'anyunix[cluster]=={self._wanted.version}' there"
            )
        if found.content != self._wanted.content:
            return (
                f"{name} has another suite, or other platforms, than this anyunix {self._wanted.version}: install the "
                "same wheel or the same commit there"
            )
        return ""

    def _is_silent(self, address: str, known: Mapping[str, Any]) -> bool:
        """Whether it was lost, and nobody has heard of it since."""
        if address in self._silent and self._silent[address] != known.get("last_seen"):
            del self._silent[address]
        return address in self._silent

    def _why_lost(self, member: Member, known: Mapping[str, Any] | None) -> str:
        if known is None:
            return "it died or left"
        now, heard = self._clock(), known.get("last_seen")
        if heard != member.heard:
            member.heard, member.heard_at = heard, now
        return f"it has not answered for {HANG_SECONDS:g} s" if now - member.heard_at > HANG_SECONDS else ""


def _one_line(text: str) -> str:
    return " ".join(safe(text[: 2 * NAME_LIMIT]).split())[:NAME_LIMIT]
