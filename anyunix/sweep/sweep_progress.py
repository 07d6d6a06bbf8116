"""A sweep under way: each result is kept as it comes, and how long the others may take is said."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from anyunix.drivers.base import Progress
from anyunix.results.model import Probe
from anyunix.run.unfinished import heard_probe
from anyunix.sweep.injecting import Injection
from anyunix.sweep.sweep_answers import injection_of, swept
from anyunix.sweep.swept import Swept

FEW = 4
"""Results after which there is something to reckon with."""


class Results:
    """What came of the injections of one platform so far. Hears the lines that the suite prints."""

    def __init__(
        self,
        planned: Iterable[Injection],
        known: Mapping[str, Swept],
        keep: Callable[[Injection, Swept], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`known` are results of an earlier sweep; `keep` gets each that comes."""
        self._planned = {each.id: each for each in planned}
        self._keep, self._clock = keep, clock
        self._known = len(known)
        self._begun: float | None = None
        self.found = dict(known)

    @property
    def missing(self) -> list[Injection]:
        return [each for name, each in self._planned.items() if name not in self.found]

    def hear(self, line: str, say: Progress) -> None:
        """A line of the suite's; what is to be shown is said."""
        if self._begun is None:
            self._begun = self._clock()
        probe = heard_probe(line.rstrip("\r"))
        if probe is not None and injection_of(probe) in self._planned:
            self.take([probe])
            say(self.told())

    def take(self, probes: Iterable[Probe]) -> None:
        """Results, some of which may have been heard already."""
        for probe in probes:
            injection = self._planned.get(injection_of(probe))
            if injection is not None:
                self.found[injection.id] = swept(injection, probe)
                self._keep(injection, self.found[injection.id])

    @property
    def broken(self) -> list[Injection]:
        return [
            each for name, each in self._planned.items() if name in self.found and self.found[name].answer == "broken"
        ]

    def confirm(self, probes: Iterable[Probe]) -> None:
        """Results of what broke, made once more: what breaks on a busy machine alone is flaky."""
        for probe in probes:
            injection = self._planned.get(injection_of(probe))
            if injection is not None and swept(injection, probe).answer in ("kept", "client lost"):
                self.found[injection.id] = replace(self.found[injection.id], answer="flaky")
                self._keep(injection, self.found[injection.id])

    def told(self) -> str:
        """`57 of 310 injections, 3 broken, about 40 s left`"""
        said = f"{len(self.found)} of {len(self._planned)} injections, {len(self.broken)} broken"
        return f"{said}, about {left}" if (left := self._left()) else said

    def _left(self) -> str:
        done = len(self.found) - self._known
        if done < FEW or self._begun is None:
            return ""
        seconds = (self._clock() - self._begun) / done * (len(self._planned) - len(self.found))
        return f"{seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"
