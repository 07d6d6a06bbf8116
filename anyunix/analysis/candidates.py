"""Which differences may be to blame: those that facts say a platform has and the reference has not."""

from collections.abc import Iterable

from anyunix.catalog.difference import Difference
from anyunix.results.json_values import holds
from anyunix.results.model import PlatformResult, Probe


def candidates(here: PlatformResult, reference: PlatformResult, known: Iterable[Difference]) -> tuple[Difference, ...]:
    """Those that are here and not on the reference, by name, whatever contract fails.

    What is switched on is here by itself. All else has to show: the reference measured another value of one of its
    facts than a difference has, while that value was measured here or is documented; and nothing measured here is
    against it.
    """
    found = [each for each in known if each.name not in reference.differences and not _denied(here, each)]
    return tuple(
        each
        for each in sorted(found, key=lambda each: each.name)
        if each.name in here.differences or _shows(here, reference, each)
    )


def likely_for(probe: Probe, differences: Iterable[Difference]) -> list[str]:
    """Those that change a fact by which a failure of the contract may be explained, by name: to be tried first."""
    return [each.name for each in differences if {*each.facts} & {*probe.explained_by}]


def _denied(here: PlatformResult, difference: Difference) -> bool:
    return any(
        fact in here.facts and not holds(value, here.facts[fact]) for fact, value in difference.facts.items()
    ) or not here.unstable.keys().isdisjoint(difference.facts)


def _shows(here: PlatformResult, reference: PlatformResult, difference: Difference) -> bool:
    return any(
        fact in reference.facts and not holds(value, reference.facts[fact]) and _has(here, fact, value)
        for fact, value in difference.facts.items()
    )


def _has(here: PlatformResult, fact: str, value: object) -> bool:
    if fact in here.facts:
        return holds(value, here.facts[fact])
    return fact in here.documented and holds(value, here.documented[fact].value)
