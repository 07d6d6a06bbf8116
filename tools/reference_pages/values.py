"""Values of facts as the pages show them, and which facts are about the machine rather than the system."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from anyunix.results.model import ProbeText
from reference_pages.citations import escaped, linked
from reference_pages.systems import SYSTEMS, Evidence, Facts, Known

OF_THE_MACHINE = re.compile(
    r"(system|python|compiler|user|clock|overlay|filesystem)\..*|libc\.version|locale\.utf8"
    r"|limits\.sysconf: (open|child)_max|limits\.(?!.*_errno$|pathconf|sysconf|pid_max$).*"
    r"|ipv6\.(socket|(loopback|wildcard)_bindable)|bind\.lowest_port|getaddrinfo\.localhost_order|orphans\..*|proc\.shows_process_1|syslog\.socket"
)
"""Facts that follow from how a machine, a container or an image was set up: they differ within one system."""


def link_to(fact: str, facts: Mapping[str, ProbeText]) -> str:
    """A link to the fact's entry, from a page in docs/reference/."""
    return f"[`{fact}`](facts/{facts[fact].group}.md#{fact})"


def in_order(facts: Mapping[str, ProbeText]) -> list[str]:
    """As the suite has the probes, those of a family together."""
    by_probe = sorted(facts, key=lambda fact: (facts[fact].id.partition("::")[0], facts[fact].line, fact))
    families = list(dict.fromkeys(fact.partition(".")[0] for fact in by_probe))
    return sorted(by_probe, key=lambda fact: families.index(fact.partition(".")[0]))


def shown(value: Any) -> str:
    """A value in one line of code: `ok`, `::, 0.0.0.0`, `SIGHUP 1, SIGINT 2`."""
    return f"`{_words(value)}`"


def differing_systems(known: Mapping[str, tuple[Known, ...]]) -> list[str]:
    """The systems that differ from the first one of which anything is known."""
    base = next((known[system.name][0].value for system in SYSTEMS if system.name in known), None)
    return [s.name for s in SYSTEMS if s.name in known and _differs(base, known[s.name][0].value)]


def behaviours(facts: Facts) -> Iterator[tuple[str, str, Mapping[str, tuple[Known, ...]]]]:
    """(fact, entry, what is known) of all that differ between systems; a fact that is an object is taken apart."""
    for fact, known in facts.items():
        if OF_THE_MACHINE.fullmatch(fact):
            continue
        values = [each[0].value for each in known.values()]
        if not all(isinstance(value, dict) for value in values):
            if differing_systems(known):
                yield fact, "", known
            continue
        for entry in dict.fromkeys(key for value in values for key in value):
            own = {name: part for name, each in known.items() if (part := _entry(each, entry))}
            if differing_systems(own) and not OF_THE_MACHINE.fullmatch(f"{fact}: {entry}"):
                yield fact, entry, own


def evidence(known: Known, page: str = "") -> str:
    """Why a value is believed: where it was measured (`page` says more of that), and where it is written."""
    return "; ".join(_evidence(piece, page) for piece in known.evidence)


def _evidence(piece: Evidence, page: str) -> str:
    if piece.kind == "documented":
        return linked(piece.text)
    if piece.file:
        return f"[measured]({page}#{piece.file})"
    return f"[measured on {escaped(piece.text)}]({page}#netbsd-and-openbsd)"


def _entry(known: tuple[Known, ...], entry: str) -> tuple[Known, ...]:
    return tuple(Known(one.value[entry], one.evidence) for one in known if entry in one.value)


def _differs(one: Any, other: Any) -> bool:
    """As JSON, where true is not 1; of objects only what both have."""
    if isinstance(one, dict) and isinstance(other, dict):
        return any(_differs(one[key], other[key]) for key in one.keys() & other.keys())
    return json.dumps(one) != json.dumps(other)


def _words(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case [None, None] | []:
            return "none"
        case list():
            return ", ".join(map(_words, value))
        case dict():
            return ", ".join(f"{key}: {_words(item)}" for key, item in value.items())
        case float():
            return f"{value:.3g}"
    return str(value)
