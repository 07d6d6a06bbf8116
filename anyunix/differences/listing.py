"""The differences there are: all in a table, or one whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from anyunix.catalog.difference import TITLES, Difference, Mechanism, System, of_system
from anyunix.errors import ConfigurationError
from anyunix.report.page.shown import shown
from anyunix.text import nearest

COMPILED = "a program sees it when it is compiled, and is built otherwise there; likenesses leave it out"


def chosen(known: Sequence[Difference], names: Iterable[str], systems: Sequence[System]) -> tuple[Difference, ...]:
    """Those that are named, of all or of these systems. Raises ConfigurationError."""
    by_name = {each.name: each for each in known}
    for name in names:
        if name not in by_name:
            raise ConfigurationError(
                f"no difference is called {name!r}{nearest(name, by_name)}; `anyunix differences` shows them all"
            )
    of_systems = {each.name for system in systems for each in of_system(known, system)} if systems else by_name
    found = tuple(each for each in known if each.name in (set(names) or by_name) and each.name in of_systems)
    if not found:
        of = " and ".join(TITLES[system] for system in systems)
        raise ConfigurationError(f"no difference{' of those named' if names else ''} is known that {of or 'any'} has")
    return found


def print_list(console: Console, differences: Sequence[Difference]) -> None:
    """Each with the systems that have it, and what is other there; then how many each system has."""
    for each in differences:
        systems = ", ".join(TITLES[system] for system in each.systems)
        console.print(Text(f"{each.name:<28} {systems}"), soft_wrap=True)
        console.print(Text(f"{'':4}{each.title}", "dim"), soft_wrap=True)
    counts = ", ".join(f"{title} {len(of_system(differences, system))}" for system, title in TITLES.items())
    counted = f"{len(differences)} differences ({counts}); `anyunix differences NAME` shows one whole"
    console.print(Text(counted), soft_wrap=True)


def print_one(console: Console, difference: Difference) -> None:
    """Everything that its file says."""
    console.print(Text(f"{difference.name}: {difference.title}", "bold"), soft_wrap=True)
    lines = [
        *(f"{TITLES[system]}: {evidence}" for system, evidence in difference.systems.items()),
        f"rule: {difference.rule}",
        f"breaks: {difference.breaks}",
        *(f"measured when it is on: {fact} is {shown(value)}" for fact, value in difference.facts.items()),
        *(f"measured as well, on Linux: {fact} is {shown(value)}" for fact, value in difference.besides.items()),
        *(f"not measured when it is on: {fact}" for fact in difference.unmeasured),
        *(f"switched on by {how}" for how in mechanisms(difference)),
        *([COMPILED] if difference.when_compiled else []),
    ]
    for line in lines:
        console.print(Text(f"  {line}"), soft_wrap=True)


def mechanisms(difference: Difference) -> list[str]:
    """How it is switched on, a line for each libc that has a way of its own."""
    if len(difference.mechanisms) == 1:
        return [how(difference.mechanism)]
    return [f"{how(difference.mechanism)} (glibc)", f"{how(difference.musl)} (musl)"]


def how(mechanism: Mechanism) -> str:
    """`sysctl net.ipv6.bindv6only=1, preloaded accept_nonblock.c`"""
    parts = [f"preloaded {mechanism.preload}"] if mechanism.preload else []
    parts += [f"sysctl {name}={value}" for name, value in mechanism.sysctls.items()]
    parts += [f"another {path}" for path in mechanism.files]
    parts += [f"limit {name} {value}" for name, value in mechanism.limits.items()]
    return ", ".join(parts) or "what its file says"


def as_data(difference: Difference) -> Mapping[str, Any]:
    """For programs."""
    return {
        "name": difference.name,
        "title": difference.title,
        "systems": dict(difference.systems),
        "rule": difference.rule,
        "facts": dict(difference.facts),
        "besides": dict(difference.besides),
        "unmeasured": list(difference.unmeasured),
        "breaks": difference.breaks,
        "when_compiled": difference.when_compiled,
        "switched_on_by": mechanisms(difference),
    }
