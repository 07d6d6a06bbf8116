"""Why a contract fails on one platform and not on the reference: one sentence from the facts that differ."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from anyunix.catalog.builds import POISONED
from anyunix.results.json_values import same
from anyunix.results.model import PLAIN, STARTS, CellResult, Matrix, Probe
from anyunix.text import safe

PLACEHOLDER = re.compile(r"\{(value|first)\}")
EXCEPTION = re.compile(r"^(?:[\w.]*NotReady: |stderr: (?:\(empty\)$)?)")
"""What stands in front of what is said: the exception's name, the name of the stream."""


@dataclass(frozen=True)
class DifferingFact:
    """A fact that is one thing here and another on the reference, and how to say it."""

    fact: str
    here: Any
    there: Any
    phrase: str

    @property
    def offers(self) -> bool:
        """Whether the fact is about which address is offered first."""
        return "{first}" in self.phrase

    def breaks(self, taken: str) -> bool:
        """Whether it can be a cause, for a server that says that it took that address, if it does.

        What is offered first is none for a server that did not take it, or that may have been told what to take.
        """
        return not self.offers or (taken != "" and taken == _shown(self.here, "first"))

    def said(self, reference: str, *, by_name: bool = True) -> str:
        """`IPV6_V6ONLY is 1 by default here, 0 on debian`; without the name, the value here is `it`."""
        placeholder = PLACEHOLDER.search(self.phrase)
        here = PLACEHOLDER.sub(lambda match: _shown(self.here, match[1]) if by_name else "it", self.phrase)
        return f"{here} here, {_shown(self.there, placeholder[1] if placeholder else 'value')} on {reference}"


def not_started(probe: Probe) -> bool:
    """Whether the server never came to be asked anything: facts of the platform explain no such failure."""
    return probe.error == "NotReady" or probe.id == STARTS


def explain(matrix: Matrix) -> Matrix:
    """The matrix with an explanation in each contract that fails on a platform and passes on the reference."""
    return replace(matrix, cells=tuple(_explained(matrix, cell) for cell in matrix.cells))


def explainable(matrix: Matrix, cell: CellResult) -> list[tuple[Probe, Probe]]:
    """The failures that facts could explain, each with the same contract as it passes on the reference."""
    return [(probe, passed) for probe, passed in _here_alone(matrix, cell) if not not_started(probe)]


def _here_alone(matrix: Matrix, cell: CellResult) -> list[tuple[Probe, Probe]]:
    """The failures of contracts that the reference keeps, in the same build."""
    reference = matrix.reference_of(cell)
    if cell.platform == matrix.reference or reference is None or cell.build == POISONED.name:
        return []
    passing = {probe.id: probe for probe in reference.kept()}
    return [(probe, passing[probe.id]) for probe in cell.failures if probe.id in passing]


def _explained(matrix: Matrix, cell: CellResult) -> CellResult:
    if cell.build == POISONED.name:
        return _poisoned(matrix, cell)
    sentences = {probe.id: _sentence(matrix, cell, probe, passed) for probe, passed in _here_alone(matrix, cell)}
    return replace(
        cell,
        probes=tuple(
            replace(probe, explanation=sentences[probe.id]) if probe.bad and probe.id in sentences else probe
            for probe in cell.probes
        ),
    )


def _poisoned(matrix: Matrix, cell: CellResult) -> CellResult:
    """Where the plain build passes on the same platform, luck was all that made it."""
    plain = matrix.cell(replace(cell.id, build=PLAIN))
    passing = {probe.id for probe in plain.kept()} if plain else set()
    culprit = next((f" ({probe.culprit})" for probe in cell.failures if probe.culprit), "")
    sentence = (
        f"Filled with a pattern, uninitialised variables break on {cell.platform} what the plain build keeps: "
        f"one is used before it is set, and what it holds is luck{culprit}."
    )
    return replace(
        cell,
        probes=tuple(
            replace(probe, explanation=sentence) if probe.bad and probe.id in passing else probe
            for probe in cell.probes
        ),
    )


def _sentence(matrix: Matrix, cell: CellResult, probe: Probe, passed: Probe) -> str:
    if not_started(probe):
        return (
            f"the server does not start on {cell.platform}, it does on {matrix.reference}: {_last_words(probe.message)}"
        )
    what = f"{probe.failing or probe.name + ' fails'} on {cell.platform}"
    here, there = _facts(matrix, cell.platform), _facts(matrix, matrix.reference)
    phrases = {
        fact: phrase
        for each in matrix.cells
        if each.platform == cell.platform
        for fact_probe in each.probes
        for fact, phrase in fact_probe.phrases.items()
    }
    found = [
        DifferingFact(fact, here[fact], there[fact], phrases.get(fact) or f"{fact} is {{value}}")
        for fact in probe.explained_by
        if fact in here and fact in there and not same(here[fact], there[fact])
    ]
    taken = probe.bound[0] if probe.bound and probe.bound != passed.bound else ""
    causes = [difference for difference in found if difference.breaks(taken)]
    if not causes:
        return f"{what}, not on {matrix.reference}: {_nothing_found(probe, here, there)}."
    fix = f" Fix: {probe.fix}." if probe.fix else ""
    return f"{what}: {_clauses(matrix.reference, cell.bind, taken, causes)}.{fix}"


def _last_words(message: str) -> str:
    """How the start ended, and the last line that the server said."""
    lines = [line[1:].strip() for line in message.splitlines() if line.startswith("E ")] or message.splitlines()
    words = [word for line in lines if (word := EXCEPTION.sub("", safe(line)).strip())] or ["it says nothing"]
    return words[0] if len(words) == 1 else f"{words[0]}; its last words: {words[-1]}"


def _clauses(reference: str, bind: str, taken: str, causes: list[DifferingFact]) -> str:
    """The address that the server took, where it is another one, with the facts about that; then the other facts."""
    rest = [difference.said(reference) for difference in causes if not difference.offers]
    if not taken:
        return ", and ".join(rest)
    about = "; ".join(difference.said(reference, by_name=False) for difference in causes if difference.offers)
    return ", and ".join([f"with bind `{bind}` the server took `{taken}`{f' ({about})' if about else ''}", *rest])


def _nothing_found(probe: Probe, here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """No guess: either the facts that could explain it are the same, or nobody measured them."""
    unmeasured = [fact for fact in probe.explained_by if fact not in here or fact not in there]
    if unmeasured:
        return f"the facts that could explain it were not measured on both ({', '.join(unmeasured)})"
    return "no measured difference explains it"


def _facts(matrix: Matrix, name: str) -> Mapping[str, Any]:
    platform = matrix.platform(name)
    return platform.facts if platform else {}


def _shown(value: Any, placeholder: str) -> str:
    """A fact's value in a sentence."""
    if placeholder == "first" and isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, list):
        return ", ".join(_shown(item, "value") for item in value)
    return value if isinstance(value, str) else json.dumps(value)
