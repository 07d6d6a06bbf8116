"""Several runs of the suite in one cell become one: what did not agree is flaky, or unstable."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from anyunix.results import Probe
from anyunix.values import distinct


def merge_repeats(runs: Sequence[Sequence[Probe]]) -> tuple[Probe, ...]:
    """One probe for each that ran, in the first run's order; with a single run, that run.

    Outcomes that differ make a probe `flaky` with its counts, a run in which it is missing counts as an error; facts
    whose values differ move to `unstable`.
    """
    if len(runs) == 1:
        return tuple(runs[0])
    by_id: dict[str, list[Probe]] = {}
    for probe in (probe for run in runs for probe in run):
        by_id.setdefault(probe.id, []).append(probe)
    return tuple(_merged(probes, len(runs)) for probes in by_id.values())


def _merged(probes: list[Probe], runs: int) -> Probe:
    counts: Counter[str] = Counter(probe.outcome for probe in probes)
    if len(probes) < runs:
        counts["error"] += runs - len(probes)
    worst = next((probe for probe in probes if probe.bad), probes[0])
    facts, unstable = _split([dict(probe.facts) for probe in probes if probe.outcome == "passed"])
    said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    flaky = len(counts) > 1
    return replace(
        worst, outcome="flaky" if flaky else worst.outcome, facts=facts, unstable=unstable, counts=dict(counts),
        message=f"flaky: {said} of {runs} runs\n{worst.message}" if flaky else worst.message,
        seconds=sum(probe.seconds for probe in probes) / len(probes))


def _split(measured: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
    """Facts that were the same each time, and the values of those that were not."""
    stable: dict[str, Any] = {}
    unstable: dict[str, tuple[Any, ...]] = {}
    for name in dict.fromkeys(name for facts in measured for name in facts):
        values = distinct(facts[name] for facts in measured if name in facts)
        if len(values) == 1:
            stable[name] = values[0]
        else:
            unstable[name] = values
    return stable, unstable
