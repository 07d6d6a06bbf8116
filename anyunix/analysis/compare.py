"""Facts of several platforms side by side: where they differ from the reference, and what manuals say of them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from anyunix.results.json_values import distinct, same
from anyunix.results.model import Documented, Matrix, PlatformResult, Probe


@dataclass(frozen=True)
class FactDifference:
    """One fact on all platforms of a run."""

    name: str
    probe: str = ""
    """The probe that measured it; empty when this run had none that did."""
    behaviour: str = ""
    rule: str = ""
    """The rest of the probe's docstring: the rule, who differs, the source."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Platform -> what was measured there, the same each time; the reference first."""
    unstable: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Platform -> the values it varied between there: neither a result nor a difference."""
    platforms: tuple[str, ...] = ()
    """Those that ran, the reference first."""
    documented: Mapping[str, Documented] = field(default_factory=dict)
    """Platform that did not run -> what its manuals say: never a result."""

    @property
    def area(self) -> str:
        """`ipv6` of `ipv6.v6only_default`."""
        return self.name.partition(".")[0]

    @property
    def missing(self) -> tuple[str, ...]:
        """Platforms that ran and did not measure it."""
        return tuple(name for name in self.platforms if name not in self.values and name not in self.unstable)

    def varied(self, platform: str) -> tuple[Any, ...]:
        """The values it had there: one where it was the same each time, none where it was not measured."""
        return (self.values[platform],) if platform in self.values else self.unstable.get(platform, ())

    @property
    def base(self) -> str:
        """The platform that the others are compared with: the reference, else the first that measured it."""
        return next(iter(self.values), "")

    @property
    def differing(self) -> tuple[str, ...]:
        """Platforms that measured another value than the base."""
        return tuple(name for name, value in self.values.items() if not same(value, self.values[self.base]))

    @property
    def documented_to_differ(self) -> tuple[str, ...]:
        """Platforms that did not run and, by their manuals, have another value than the base."""
        return tuple(
            name
            for name, entry in self.documented.items()
            if self.base and not same(entry.value, self.values[self.base])
        )


@dataclass(frozen=True)
class Contradiction:
    """A manual that the measurement contradicts."""

    name: str
    platform: str
    measured: Any
    documented: Documented


def shown(value: Any) -> str:
    """A fact's value in one line: as JSON, with keys in order so that equal values look equal."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def compare(matrix: Matrix) -> tuple[FactDifference, ...]:
    """Every fact that was measured or is documented, by area, then by the probe that measured it."""
    ran = _reference_first(matrix, (platform for platform in matrix.platforms if platform.status == "ran"))
    others = [platform for platform in matrix.platforms if platform.status != "ran"]
    probes = _probes(matrix)
    names = {name for platform in ran for name in (*platform.facts, *platform.unstable)}
    names |= {name for platform in others for name in platform.documented}
    facts = [_fact(matrix, name, probes.get(name, ""), ran, others) for name in names]
    return tuple(sorted(facts, key=lambda fact: (fact.area, fact.probe, fact.name)))


def entries(fact: FactDifference) -> Iterator[FactDifference]:
    """A fact that is an object everywhere, entry by entry: of 18 signal numbers only those that differ are of use."""
    varied = [value for several in fact.unstable.values() for value in several]
    values = [*fact.values.values(), *varied, *(each.value for each in fact.documented.values())]
    if not all(isinstance(value, Mapping) and value for value in values):
        yield fact
        return
    for key in dict.fromkeys(key for value in values for key in value):
        yield _entry(fact, key)


def _entry(fact: FactDifference, key: str) -> FactDifference:
    """One entry of a fact that is an object; it may be steady where the whole was not."""
    several = {name: distinct(value[key] for value in fact.varied(name) if key in value) for name in fact.platforms}
    return replace(
        fact,
        name=f"{fact.name}: {key}",
        values={name: values[0] for name, values in several.items() if len(values) == 1},
        unstable={name: values for name, values in several.items() if len(values) > 1},
        documented={
            name: Documented(each.value[key], each.source)
            for name, each in fact.documented.items()
            if key in each.value
        },
    )


def differences(matrix: Matrix) -> tuple[FactDifference, ...]:
    """Facts that platforms measured differently from the reference, and those that varied on one platform."""
    return tuple(fact for fact in compare(matrix) if fact.differing or fact.unstable)


def documented(matrix: Matrix) -> tuple[FactDifference, ...]:
    """Facts in which platforms that did not run differ from the reference, by their manuals."""
    return tuple(fact for fact in compare(matrix) if fact.documented_to_differ)


def contradictions(matrix: Matrix) -> tuple[Contradiction, ...]:
    """What platforms that ran measured otherwise than is documented of them. What varied contradicts nothing."""
    return tuple(
        Contradiction(name, platform.name, platform.facts[name], entry)
        for platform in matrix.platforms
        if platform.status == "ran"
        for name, entry in sorted(platform.documented.items())
        if name in platform.facts and not same(platform.facts[name], entry.value)
    )


def by_value(values: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """`[('0', ['debian', 'alpine']), ('1', ['debian-v6only'])]`: each value once, in the platforms' order."""
    found: dict[str, list[str]] = {}
    for platform, value in values.items():
        found.setdefault(shown(value), []).append(platform)
    return list(found.items())


def _fact(
    matrix: Matrix, name: str, probe: str, ran: list[PlatformResult], others: list[PlatformResult]
) -> FactDifference:
    text = matrix.text(probe)
    return FactDifference(
        name,
        probe,
        text.behaviour if text else "",
        text.rule if text else "",
        values={platform.name: platform.facts[name] for platform in ran if name in platform.facts},
        unstable={platform.name: platform.unstable[name] for platform in ran if name in platform.unstable},
        platforms=tuple(platform.name for platform in ran),
        documented={platform.name: platform.documented[name] for platform in others if name in platform.documented},
    )


def _reference_first(matrix: Matrix, platforms: Iterable[PlatformResult]) -> list[PlatformResult]:
    return sorted(platforms, key=lambda platform: platform.name != matrix.reference)


def _probes(matrix: Matrix) -> dict[str, str]:
    """Fact -> the first probe that recorded it, without its parameters."""
    found: dict[str, str] = {}
    for probe in _all_probes(matrix):
        for name in (*probe.facts, *probe.unstable):
            found.setdefault(name, probe.id.partition("[")[0])
    return found


def _all_probes(matrix: Matrix) -> Iterator[Probe]:
    return (probe for cell in matrix.cells for probe in cell.probes)
