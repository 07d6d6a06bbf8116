"""What breaks a server, by weakness: one call whose failure it does not expect, whatever the error and the platform."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from anyunix.catalog.difference import TITLES, Difference
from anyunix.sweep.swept import Sweeps, Swept
from anyunix.text import listed

ENDINGS = {
    "dies": "ends the server",
    "hangs": "hangs the server",
    "spins": "makes the server spin",
    "leaks": "makes the server leak",
    "lies": "makes the server say what is not so",
    "loses a client to an interrupted call": "costs a client",
}
"""How it broke -> what the answer does to the server."""


@dataclass(frozen=True)
class Breaking:
    """One injection that breaks it, on all the platforms where it does in the same way."""

    swept: Swept
    platforms: tuple[str, ...]

    @property
    def said(self) -> str:
        """`ECONNABORTED (second)`"""
        return self.swept.error if self.swept.times == "first" else f"{self.swept.error} ({self.swept.times})"

    @property
    def how(self) -> str:
        """In one line: a server's last words have several."""
        return " ".join(self.swept.how.split())


@dataclass(frozen=True)
class Weakness:
    """One call in one phase, and one way in which the server breaks when it fails."""

    phase: str
    label: str
    how: str
    found: tuple[Breaking, ...]

    @property
    def title(self) -> str:
        errors = listed(list(dict.fromkeys(each.swept.error for each in self.found)))
        return f"{self.how}: {self.phase}: {self.label} answers {errors}"


def weaknesses_of(sweeps: Sweeps, *, expected: bool = False) -> list[Weakness]:
    """Of what breaks it and is not expected to; or of what is. Those with most injections first."""
    found: dict[tuple[str, str, str], dict[str, tuple[Swept, list[str]]]] = {}
    for sweep in sweeps.each:
        for swept in sweep.with_answer("broken"):
            if bool(swept.expected) == expected:
                injections = found.setdefault((swept.phase, swept.label, kind(swept)), {})
                injections.setdefault(swept.id, (swept, []))[1].append(sweep.platform)
    weaknesses = [
        Weakness(*key, tuple(Breaking(swept, tuple(platforms)) for swept, platforms in injections.values()))
        for key, injections in found.items()
    ]
    return sorted(weaknesses, key=lambda weakness: -len(weakness.found))


def kind(swept: Swept) -> str:
    """How it broke, in a word: `dies`."""
    return swept.how.partition(":")[0]


def who_answers(weakness: Weakness, differences: Mapping[str, Difference]) -> Iterator[str]:
    """What each error of a weakness does, and which systems give it, when, and how that is known; a sentence for those
    of which the same is known.
    """
    errors: dict[str, list[str]] = {}
    for each in weakness.found:
        known = differences.get(each.swept.difference)
        who = _systems(known) if known and known.systems else f"documented: {each.swept.who}"
        errors.setdefault(who, []).append(each.swept.error)
    name, ending = weakness.label.rpartition(": ")[2].partition("(")[0], ENDINGS.get(weakness.how, "breaks the server")
    for who, several in errors.items():
        yield f"{name} -> {', '.join(dict.fromkeys(several))} {ending}: {who}"


def _systems(known: Difference) -> str:
    """`FreeBSD (measured on 14.0) and illumos (accept(3SOCKET)): accept(2) fails with …`"""
    named = [f"{TITLES[system]} ({_evidence(said)})" for system, said in known.systems.items()]
    return f"{listed(named)}: {known.title}"


def _evidence(said: str) -> str:
    """That it was measured is enough; else all of it, which may say that it was not."""
    return said.partition(";")[0] if said.startswith("measured") else said
