"""Why a contract fails on one platform and not on the reference: one sentence from the facts that differ."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from anyunix.building import POISONED
from anyunix.results import CellResult, Matrix, Probe
from anyunix.values import same

PLACEHOLDER = re.compile(r"\{(value|first)\}")


@dataclass(frozen=True)
class Difference:
    """A fact that is one thing here and another on the reference, and how to say it."""

    fact: str
    here: Any
    there: Any
    phrase: str

    def said(self, reference: str, bound: str) -> str:
        """`IPV6_V6ONLY is 1 by default here, 0 on debian`; a value that is the address `bound` becomes `it`."""
        here = PLACEHOLDER.sub(lambda match: _shown(self.here, match[1]), self.phrase)
        if bound and self.about(bound):
            here = PLACEHOLDER.sub("it", self.phrase)
        placeholder = PLACEHOLDER.search(self.phrase)
        return f"{here} here, {_shown(self.there, placeholder[1] if placeholder else 'value')} on {reference}"

    def about(self, bound: str) -> bool:
        """Whether the value that the phrase shows is the address that the server bound."""
        placeholder = PLACEHOLDER.search(self.phrase)
        return placeholder is not None and _shown(self.here, placeholder[1]) == bound


def explain(matrix: Matrix) -> Matrix:
    """The matrix with an explanation in each contract that fails on a platform and passes on the reference."""
    return replace(matrix, cells=tuple(_explained(matrix, cell) for cell in matrix.cells))


def _explained(matrix: Matrix, cell: CellResult) -> CellResult:
    if cell.build == POISONED.name:
        return _poisoned(matrix, cell)
    reference = matrix.cell(cell.subject, cell.bind, matrix.reference, cell.build)
    if cell.platform == matrix.reference or reference is None or not cell.failures:
        return cell
    passing = {probe.id: probe for probe in reference.contracts if probe.outcome == "passed"}
    return replace(cell, probes=tuple(
        replace(probe, explanation=_sentence(matrix, cell, probe, passing[probe.id]))
        if probe.kind == "contract" and probe.bad and probe.id in passing else probe for probe in cell.probes))


def _poisoned(matrix: Matrix, cell: CellResult) -> CellResult:
    """Where the plain build passes on the same platform, luck was all that made it."""
    plain = matrix.cell(cell.subject, cell.bind, cell.platform)
    passing = {probe.id for probe in plain.contracts if probe.outcome == "passed"} if plain else set()
    culprit = next((f" ({probe.culprit})" for probe in cell.failures if probe.culprit), "")
    sentence = (f"Filled with a pattern, uninitialised variables break on {cell.platform} what the plain build keeps: "
                f"one is used before it is set, and what it holds is luck{culprit}.")
    return replace(cell, probes=tuple(
        replace(probe, explanation=sentence) if probe.bad and probe.id in passing else probe for probe in cell.probes))


def _sentence(matrix: Matrix, cell: CellResult, probe: Probe, passed: Probe) -> str:
    what = f"{probe.failing or probe.name + ' fails'} on {cell.platform}"
    here, there = _facts(matrix, cell.platform), _facts(matrix, matrix.reference)
    phrases = {fact: phrase for each in cell.probes for fact, phrase in each.phrases.items()}
    found = [Difference(fact, here[fact], there[fact], phrases.get(fact) or f"{fact} is {{value}}")
             for fact in probe.explained_by if fact in here and fact in there and not same(here[fact], there[fact])]
    if not found:
        return f"{what}, not on {matrix.reference}: {_nothing_found(probe, here, there)}."
    fix = f" Fix: {probe.fix}." if probe.fix else ""
    return f"{what}: {_clauses(matrix.reference, cell.bind, probe, passed, found)}.{fix}"


def _clauses(reference: str, bind: str, probe: Probe, passed: Probe, found: list[Difference]) -> str:
    """What the server bound, where that differs, with the facts about that address; then the other facts."""
    if not probe.bound or probe.bound == passed.bound:
        return ", and ".join(difference.said(reference, "") for difference in found)
    bound = probe.bound[0]
    about = "; ".join(difference.said(reference, bound) for difference in found if difference.about(bound))
    rest = [difference.said(reference, "") for difference in found if not difference.about(bound)]
    taken = f"with bind `{bind}` the server took `{bound}`{f' ({about})' if about else ''}"
    return ", and ".join([taken, *rest])


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
