"""Failures that only follow from another one in the same cell, as the suite says (`@follows_from`): shown under it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from anyunix.results.model import CellResult, Matrix, Probe

Cases = list[tuple[CellResult, Probe]]
"""One contract in all the cells in which it was not kept."""


def resolve(probes: Iterable[Probe]) -> tuple[Probe, ...]:
    """The probes of one cell, each failure with the failure that it follows from: the first one of a chain."""
    found = tuple(probes)
    bad = {probe.id: probe for probe in found if probe.bad}
    return tuple(
        replace(probe, follows_from=_first(probe, bad)) if probe.bad and probe.consequence_of else probe
        for probe in found
    )


def cause_of(cell: CellResult, probe: Probe) -> Probe | None:
    """The failure that this one follows from; None for one that stands for itself."""
    return next((cause for cause in cell.failures if cause.id == probe.follows_from and not cause.follows_from), None)


def by_cause(matrix: Matrix) -> list[tuple[Cases, list[Cases]]]:
    """Each contract that was not kept, and those that were not kept because of it, whole in every cell."""
    own: dict[str, Cases] = {}
    following: dict[str, dict[str, Cases]] = {}
    for cell, probe in (case for cases in matrix.failures() for case in cases):
        cause = cause_of(cell, probe)
        place = own if cause is None else following.setdefault(cause.id, {})
        place.setdefault(probe.id, []).append((cell, probe))
    return [(cases, list(following.get(name, {}).values())) for name, cases in own.items()]


def _first(probe: Probe, bad: Mapping[str, Probe]) -> str:
    """Where the chain begins; nowhere in a circle. What fails at times explains nothing that fails each time."""
    seen, last = {probe.id}, probe
    while cause := next(
        (
            bad[name]
            for name in last.consequence_of
            if name in bad and (bad[name].outcome != "flaky" or last.outcome == "flaky")
        ),
        None,
    ):
        if cause.id in seen:
            return ""
        seen.add(cause.id)
        last = cause
    return "" if last is probe else last.id
