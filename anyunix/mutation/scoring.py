"""Which cells mutation testing needs, and what became of each fault in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyunix.catalog.builds import Build
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.mutation.faults import Fault
from anyunix.mutation.findings import Finding, Healthy
from anyunix.mutation.mutants import mutate
from anyunix.results.json_values import same
from anyunix.results.model import CellResult, Probe
from anyunix.run.cell import Cell
from anyunix.text import first_line, said_by

QUICK = ("-O0",)
"""No fault here needs the optimiser, and each is compiled on each platform: it takes a third of the time."""
FAILED = {"failed", "error"}
BUILD = "build"
"""The probe group of a subject that does not build."""


@dataclass(frozen=True)
class Planned:
    """A cell, and the fault in it; None for the healthy server."""

    cell: Cell
    fault: Fault | None = None


def plan(
    faults: Sequence[Fault],
    subjects: Iterable[Subject],
    platforms: Sequence[Platform],
    facts: Mapping[str, str],
    folder: Path,
) -> list[Planned]:
    """Every fault in every subject that can have it, on every platform, and the healthy servers, one of which measures
    the facts that the faults depend on.

    `facts`: fact -> the probe that measures it; the mutants go below `folder`. Raises ConfigurationError.
    """
    planned = []
    own_faults = [(subject, [fault for fault in faults if subject.name in fault.mutations]) for subject in subjects]
    by_subject = [(subject, own) for subject, own in own_faults if own]
    measuring, _ = min(by_subject, key=lambda pair: len(pair[0].needs))  # it runs wherever any does
    measured = [
        facts[fact]
        for subject, own in by_subject
        for fault in own
        for fact in fault.mutations[subject.name].shows_where
    ]
    for subject, own in by_subject:
        healthy = {
            bind: _contracts(subject, bind, own) for bind in dict.fromkeys(_healthy_bind(subject, each) for each in own)
        }
        if subject is measuring:
            next(iter(healthy.values())).extend(measured)
        mutants = [(fault, mutate(fault, subject, folder / subject.name / fault.name)) for fault in own]
        objects = folder / subject.name / "objects"
        for platform in platforms:
            planned += [
                Planned(Cell(subject, platform, bind, probes=tuple(dict.fromkeys(probes))))
                for bind, probes in healthy.items()
            ]
            planned += [
                Planned(
                    Cell(
                        mutant,
                        platform,
                        fault.bind or _first(subject),
                        Build(fault.name, QUICK, honoured=False, objects=objects),
                        fault.mutations[subject.name].contracts,
                    ),
                    fault,
                )
                for fault, mutant in mutants
            ]
    return planned


def judge(
    planned: Sequence[Planned], results: Sequence[CellResult], known: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[list[Finding], list[Healthy]]:
    """What became of each fault, and of the healthy servers, in the order of the cells.

    `known`: platform -> facts that were measured elsewhere.
    """
    pairs = list(zip(planned, results, strict=True))
    facts = {platform: dict(found) for platform, found in (known or {}).items()}
    for each, result in pairs:
        if each.fault is None:
            facts.setdefault(result.platform, {}).update(result.facts)
    findings = [
        _finding(each.fault, result, facts.get(result.platform, {})) for each, result in pairs if each.fault is not None
    ]
    return findings, [_healthy(result) for each, result in pairs if each.fault is None]


def _first(subject: Subject) -> str:
    return next(iter(subject.binds))


def _healthy_bind(subject: Subject, fault: Fault) -> str:
    """A fault that is nothing but a bind mode has its contracts kept in the subject's first one."""
    return (fault.bind if fault.mutations[subject.name].edits else "") or _first(subject)


def _contracts(subject: Subject, bind: str, faults: Iterable[Fault]) -> list[str]:
    """All that the faults of a bind mode name."""
    chosen = [fault for fault in faults if _healthy_bind(subject, fault) == bind]
    return [contract for fault in chosen for contract in fault.mutations[subject.name].contracts]


def _finding(fault: Fault, result: CellResult, facts: Mapping[str, Any]) -> Finding:
    contracts = {probe.id: probe for probe in result.contracts if probe.group != BUILD}
    tried = [probe for probe in contracts.values() if probe.tried]
    caught = tuple(probe.id for probe in tried if _always_fails(probe))
    shows_where = fault.mutations[result.subject].shows_where
    unmeasured = [fact for fact in shows_where if fact not in facts]
    elsewhere = [
        f"{fact} is {facts[fact]}"
        for fact, value in shows_where.items()
        if fact in facts and not _holds(facts[fact], value)
    ]

    def found(answer: Any, reason: str = "", expected: bool = True) -> Finding:
        return Finding(fault.name, result.subject, result.platform, answer, first_line(reason), caught, expected)

    if result.status == "not-run":
        return found("not run", result.reason)
    if result.status == "error":
        return found("broke", result.reason)
    if unbuilt := [probe for probe in result.contracts if probe.group == BUILD]:
        return found("broke", f"it does not build: {unbuilt[0].message[:300]!r}")
    if not tried:
        return found("left out", " · ".join(dict.fromkeys(_why_skipped(probe) for probe in contracts.values())))
    if elsewhere or unmeasured:
        why = ", ".join([*elsewhere, *(f"{fact} was not measured" for fact in unmeasured)])
        if not any(_sometimes_fails(probe) for probe in tried):
            return found("does not show", why, expected=False)
        return found("caught" if unmeasured else "shows elsewhere too", why, expected=bool(unmeasured))
    if caught and not any(_sometimes_passes(probe) for probe in tried):
        return found("caught")
    return found("missed", " · ".join(_why_missed(probe) for probe in tried if not _always_fails(probe)))


def _healthy(result: CellResult) -> Healthy:
    """A repeat in which a contract could not be tried does not count; one in which it fails is a failure."""
    tried = result.tried()
    failing = {probe.id: " · ".join(said_by(probe.message)) for probe in tried if _sometimes_fails(probe)}
    return Healthy(
        result.subject,
        result.platform,
        result.bind,
        len(tried) - len(failing),
        result.left_out,
        failing,
        first_line(result.reason),
        result.status == "error",
    )


def _counts(probe: Probe) -> Mapping[str, int]:
    return probe.counts or {probe.outcome: 1}


def _always_fails(probe: Probe) -> bool:
    """In every repeat; an error is a failure too: a faulty server may not even come up."""
    return set(_counts(probe)) <= FAILED


def _sometimes_passes(probe: Probe) -> bool:
    """In some repeat; one in which it could not be tried is no pass, but another has to fail each time then."""
    return "passed" in _counts(probe)


def _sometimes_fails(probe: Probe) -> bool:
    return bool(set(_counts(probe)) & FAILED)


def _why_missed(probe: Probe) -> str:
    counts = _counts(probe)
    runs, failed = sum(counts.values()), sum(counts.get(outcome, 0) for outcome in FAILED)
    return f"{probe.id} passes" if runs == 1 else f"{probe.id} fails in {failed} of {runs} runs only"


def _why_skipped(probe: Probe) -> str:
    return first_line(probe.message.removeprefix("Skipped: "))


def _holds(measured: Any, wanted: Any) -> bool:
    """Whether a fact has the value; of a mapping, whether it holds at least the wanted ones."""
    if isinstance(measured, dict) and isinstance(wanted, dict):
        return all(key in measured and _holds(measured[key], value) for key, value in wanted.items())
    return same(measured, wanted)
