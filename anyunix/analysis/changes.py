"""Two runs compared: which contracts fail now that did not, which are mended, which verdicts and facts are others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from anyunix.results.json_values import written
from anyunix.results.model import (
    BUILDS,
    ONLY_WHEN_BROKEN,
    PLAIN,
    STARTS,
    Answer,
    CellId,
    CellResult,
    Matrix,
    Outcome,
    PlatformResult,
    Probe,
)

ChangeKind = Literal["new failure", "fixed", "still failing", "no longer run"]


@dataclass(frozen=True)
class Change:
    """One contract of one subject on one platform in one bind mode."""

    subject: str
    bind: str
    platform: str
    probe: str
    group: ChangeKind
    old: Outcome | None
    """None where it was not tried."""
    new: Outcome | None
    message: str = ""
    """What the new run says: of the failure, or why it is not there."""
    expected: str = ""
    """The reason for which the new failure is accepted; empty when it is not."""

    @property
    def failed_before(self) -> bool:
        return self.old in ("failed", "error", "flaky")


@dataclass(frozen=True)
class VerdictChange:
    """Another answer for one subject in one bind mode."""

    subject: str
    bind: str
    old: Answer
    new: Answer


@dataclass(frozen=True)
class FactChange:
    """Another measurement on one platform, by two runs that both measured it."""

    platform: str
    name: str
    old: tuple[Any, ...]
    """The value; several when it varied within the run."""
    new: tuple[Any, ...]


@dataclass(frozen=True)
class Changes:
    """What is different in a new run, in the order of its cells, then of those that only the old run had."""

    contracts: tuple[Change, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    facts: tuple[FactChange, ...] = ()

    def of(self, group: ChangeKind) -> tuple[Change, ...]:
        return tuple(change for change in self.contracts if change.group == group)

    @property
    def new_failures(self) -> tuple[Change, ...]:
        """Failing now, and passed, left out or not there before; accepted failures are among them."""
        return self.of("new failure")

    @property
    def fixed(self) -> tuple[Change, ...]:
        return self.of("fixed")

    @property
    def still_failing(self) -> tuple[Change, ...]:
        return self.of("still failing")

    @property
    def no_longer_run(self) -> tuple[Change, ...]:
        """Tried before, and now left out or not there. Nobody knows whether they would pass."""
        return self.of("no longer run")

    @property
    def worse(self) -> bool:
        """Whether anything fails that did not, without being accepted."""
        return any(not change.expected for change in self.new_failures)


def changes(old: Matrix, new: Matrix) -> Changes:
    """Compare a run with an older one, contract by contract."""
    cells = dict.fromkeys(replace(cell.id, build=PLAIN) for cell in (*new.cells, *old.cells))
    return Changes(
        tuple(change for each in cells for change in _contract_changes(each, old.cell(each), new.cell(each))),
        tuple(_verdict_changes(old, new)),
        tuple(
            change
            for platform in new.platforms
            if (before := old.platform(platform.name))
            for change in _fact_changes(before, platform)
        ),
    )


def dropped(old: Matrix, new: Matrix) -> tuple[str, ...]:
    """The platforms that ran then and did not now."""
    ran = {platform.name for platform in new.platforms if platform.status == "ran"}
    return tuple(each.name for each in old.platforms if each.status == "ran" and each.name not in ran)


def _contract_changes(cell: CellId, old: CellResult | None, new: CellResult | None) -> Iterator[Change]:
    before, after = tried_in(old), tried_in(new)
    for probe in dict.fromkeys((*after, *before)):
        was, now = came_of(before, probe, old), came_of(after, probe, new)
        group = _group(was, now)
        if group is not None:
            yield Change(
                cell.subject,
                cell.bind,
                cell.platform,
                probe,
                group,
                was.outcome if was else None,
                now.outcome if now else None,
                now.message if now else _why_not(probe, new),
                now.expected if now else "",
            )


def tried_in(cell: CellResult | None) -> dict[str, Probe]:
    """The contracts that were tried; where an id is there twice, a failure outweighs."""
    return {probe.id: probe for probe in sorted(cell.tried() if cell else (), key=lambda probe: probe.bad)}


def came_of(tried: dict[str, Probe], wanted: str, cell: CellResult | None) -> Probe | None:
    """That a subject builds, or starts, is only in the results when it did not: else a cell that ran says it did."""
    if wanted in ONLY_WHEN_BROKEN and wanted not in tried and cell is not None and cell.status == "ran":
        return Probe(wanted, "contract", "passed")
    return tried.get(wanted)


def _group(was: Probe | None, now: Probe | None) -> ChangeKind | None:
    if now is None:
        return "no longer run"
    if was is not None and was.bad:
        return "still failing" if now.bad else "fixed"
    return "new failure" if now.bad else None


def _why_not(probe: str, cell: CellResult | None) -> str:
    """Why a contract was not tried in the new run."""
    if cell is None:
        return "not in this run"
    if cell.status != "ran":
        return f"{'not run' if cell.status == 'not-run' else 'error'}: {cell.reason}"
    if any(other.id == BUILDS for other in cell.failures):
        return "the subject does not build"
    if any(other.id == STARTS for other in cell.failures):
        return "the subject does not start"
    return next((other.message for other in cell.contracts if other.id == probe), "not in this run")


def _verdict_changes(old: Matrix, new: Matrix) -> Iterator[VerdictChange]:
    before = {(verdict.subject, verdict.bind): verdict.verdict for verdict in old.verdicts}
    for verdict in new.verdicts:
        was = before.get((verdict.subject, verdict.bind), verdict.verdict)
        if was != verdict.verdict:
            yield VerdictChange(verdict.subject, verdict.bind, was, verdict.verdict)


def _fact_changes(old: PlatformResult, new: PlatformResult) -> Iterator[FactChange]:
    before, after = _values(old), _values(new)
    for name in sorted(before.keys() & after.keys()):
        if _written(before[name]) != _written(after[name]):
            yield FactChange(new.name, name, before[name], after[name])


def _values(platform: PlatformResult) -> dict[str, tuple[Any, ...]]:
    return {**{name: (value,) for name, value in platform.facts.items()}, **platform.unstable}


def _written(values: tuple[Any, ...]) -> list[str]:
    """In which order the values of an unstable fact came says nothing."""
    return sorted(map(written, values))
