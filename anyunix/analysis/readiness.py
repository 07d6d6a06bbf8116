"""Go or no-go for one machine: its results beside those of the platform where the subject kept the most."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from anyunix.analysis.compare import FactDifference, differences
from anyunix.analysis.explain import explain
from anyunix.analysis.verdict import judge
from anyunix.errors import EXIT_NOT_PORTABLE, EXIT_NOT_RUN, EXIT_PORTABLE, ConfigurationError
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe

KNOWN_GOOD = "{name}-baseline"


@dataclass(frozen=True)
class Explained:
    """A fact that is another one on the target, and the contracts that it may explain."""

    fact: FactDifference
    failing: tuple[str, ...]
    """Names of contracts that are not kept on the target."""
    kept: tuple[str, ...]


@dataclass(frozen=True)
class Preflight:
    """The answer, with what it rests on."""

    matrix: Matrix
    """The target's results; with a baseline, those of the platform it is compared with come first."""
    cell: CellResult
    """The subject on the target."""
    known_good: str = ""
    """The name of the platform that it is compared with; empty without a baseline."""
    facts: tuple[Explained, ...] = ()
    broken_before: tuple[str, ...] = ()
    """Names of contracts that were not kept there either: what a fact explains is less certain."""

    @property
    def answer(self) -> Literal["go", "no-go", "no answer"]:
        if self.cell.status != "ran" or not self.cell.tried():
            return "no answer"
        return "no-go" if self.cell.failures else "go"

    @property
    def exit_status(self) -> int:
        return {"go": EXIT_PORTABLE, "no-go": EXIT_NOT_PORTABLE, "no answer": EXIT_NOT_RUN}[self.answer]


def preflight(target: Matrix, baseline: Matrix | None) -> Preflight:
    """What a run of one subject on one platform says, beside an earlier one. Raises ConfigurationError."""
    if baseline is None:
        return Preflight(judge(target), target.cells[0])
    good, cell = best_of(baseline, target.cells[0].subject, target.cells[0].bind)
    name = KNOWN_GOOD.format(name=good.name)
    both = judge(
        explain(
            replace(
                target,
                reference=name,
                platforms=(replace(good, name=name), *target.platforms),
                cells=(replace(cell, platform=name), *target.cells),
            )
        )
    )
    found = tuple(_explained(fact, both.cells[-1]) for fact in differences(both) if fact.differing)
    return Preflight(both, both.cells[-1], name, found, _names(cell.failures))


def best_of(baseline: Matrix, subject: str, bind: str) -> tuple[PlatformResult, CellResult]:
    """The platform on which the subject kept the most in an earlier run: its reference, where that is among them.

    Raises ConfigurationError.
    """
    cells = baseline.by_subject().get((subject, bind))
    if not cells:
        had = ", ".join(map(" ".join, baseline.by_subject())) or "nothing"
        raise ConfigurationError(f"--baseline: nothing of {subject} with bind {bind}; it holds {had}")
    for cell in sorted(cells, key=lambda cell: (len(cell.failures), cell.platform != baseline.reference)):
        platform = baseline.platform(cell.platform)
        if platform and cell.status == "ran":
            return platform, cell
    raise ConfigurationError(f"--baseline: {subject} with bind {bind} ran on no platform of that run")


def _explained(fact: FactDifference, cell: CellResult) -> Explained:
    about = [probe for probe in cell.tried() if fact.name in probe.explained_by]
    return Explained(fact, _names(probe for probe in about if probe.bad), _names(p for p in about if not p.bad))


def _names(probes: Iterable[Probe]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(probe.name.removeprefix("test_") for probe in probes))
