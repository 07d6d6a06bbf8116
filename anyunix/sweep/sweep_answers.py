"""What a platform reports of an injection, as a finding; it is untrusted."""

from typing import Literal

import msgspec

from anyunix.results.model import Probe
from anyunix.sweep.injecting import Injection
from anyunix.sweep.sweep_suite import INJECTION_PROBE
from anyunix.sweep.swept import Swept
from anyunix.text import first_line, safe


class Told(msgspec.Struct, frozen=True):
    """What suite/sweep/injections.py reports of an injection."""

    answer: Literal["kept", "client lost", "broken", "not reached"]
    how: str
    call: str


def injection_of(probe: Probe) -> str:
    """The ID of the injection that a probe made; empty for any other probe."""
    return probe.id.partition("[")[2].removesuffix("]") if probe.id.startswith(INJECTION_PROBE) else ""


def swept(injection: Injection, probe: Probe | None, why_none: str = "it did not come back") -> Swept:
    """What came of an injection; without a probe `why_none`."""
    told = _told(probe) if probe else None
    site, said = injection.site, injection.answer
    return Swept(
        injection.id,
        site.phase,
        site.role,
        site.text,
        site.call,
        said.name,
        said.why,
        said.who,
        injection.times,
        told.answer if told else "not tried",
        safe(told.how) if told else _why_not(probe) if probe else first_line(why_none),
        safe(told.call) if told else "",
        trace=_trace(probe) if told and probe else (),
        difference=said.difference,
    )


def _told(probe: Probe) -> Told | None:
    try:
        return msgspec.convert(probe.facts.get("sweep"), Told)
    except msgspec.ValidationError:
        return None


def _trace(probe: Probe) -> tuple[str, ...]:
    try:
        lines = msgspec.convert(probe.facts.get("sweep.trace", ()), tuple[str, ...])
    except msgspec.ValidationError:
        return ()
    return tuple(first_line(line) for line in lines)


def _why_not(probe: Probe) -> str:
    """Why there is no answer. A probe that fails on its way says itself whether anything had been injected by then; one
    that ends without a word about it has tried nothing that is known of, whatever became of the server.
    """
    said = first_line(probe.message.removeprefix("Skipped: ").removeprefix("not tried: "))
    return said if probe.outcome == "skipped" else f"the probe did not come to its end: {said}"
