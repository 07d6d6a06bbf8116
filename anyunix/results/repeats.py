"""Several runs of the suite in one cell become one: what did not agree is flaky, or unstable."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from anyunix.results.json_values import distinct
from anyunix.results.model import Probe


def merge_repeats(runs: Sequence[Sequence[Probe]]) -> tuple[Probe, ...]:
    """One probe for each that ran, in the first run's order; with a single run, that run.

    Outcomes that differ make a probe `flaky` with its counts. A run that left it out says nothing, but that it did;
    one in which it is missing counts as an error. Facts whose values differ move to `unstable`.
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
    tried = [probe for probe in probes if probe.tried]
    worst = next((probe for probe in probes if probe.bad), (tried or probes)[0])
    facts, unstable = _split([dict(probe.facts) for probe in probes if probe.outcome == "passed"])
    said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    flaky = len(counts.keys() - {"skipped"}) > 1
    return replace(
        worst,
        outcome="flaky" if flaky else worst.outcome,
        facts=facts,
        unstable=unstable,
        counts=dict(counts),
        message=f"flaky: {said} of {runs} runs\n{worst.message}" if flaky else _message(worst, probes),
        seconds=sum(probe.seconds for probe in probes) / len(probes),
    )


def _message(worst: Probe, probes: list[Probe]) -> str:
    """What the probe says, behind it how many of the repeats left it out and why."""
    skipped = [probe.message for probe in probes if probe.outcome == "skipped"]
    if not skipped or worst.outcome == "skipped":
        return worst.message
    return f"{worst.message}\n{len(skipped)} of {len(probes)} runs left it out: {skipped[0]}".strip()


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
