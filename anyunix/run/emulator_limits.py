"""What an emulator alone is to blame for: contracts that are left out where the CPU is emulated."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from anyunix.results.model import Probe

PASSES = "left out, though it passes"


def leave_out(probes: Iterable[Probe], limits: Mapping[str, str], emulator: str) -> tuple[Probe, ...]:
    """The probes, those that the emulator is to blame for left out with the reason, whatever came of them."""
    return tuple(_left_out(probe, limits, emulator) for probe in probes)


def _left_out(probe: Probe, limits: Mapping[str, str], emulator: str) -> Probe:
    reason = limits.get(probe.id) or limits.get(probe.id.partition("[")[0])
    if reason is None or probe.outcome == "skipped":
        return probe
    how = PASSES if probe.outcome == "passed" else "left out"
    return replace(probe, outcome="skipped", message=f"{how}: {emulator}: {reason}", facts={}, phrases={})


def passes_all_the_same(probe: Probe) -> bool:
    """Whether the platform file blames the emulator for a probe that passes."""
    return probe.outcome == "skipped" and probe.message.startswith(PASSES)
