"""A page for each group of facts: one entry a fact, under its own name."""

from collections.abc import Iterable, Mapping, Sequence

from anyunix.results.model import GROUPS, ProbeText
from reference_pages.citations import citations, escaped, linked, sentence
from reference_pages.probe_texts import Contract
from reference_pages.systems import SYSTEMS, Facts, Known
from reference_pages.values import OF_THE_MACHINE, differing_systems, evidence, in_order, shown


def fact_pages(
    facts: Mapping[str, ProbeText], meanings: Mapping[str, str], known: Facts, contracts: Sequence[Contract]
) -> dict[str, str]:
    """The pages' contents, by their paths below docs/reference/."""
    pages = {}
    for group in GROUPS:
        own = [fact for fact in in_order(facts) if facts[fact].group == group]
        if own:
            head = f"# Facts: {group}\n\n{len(own)} facts that the probes in `suite/{group}/` measure; "
            entries = [_entry(fact, facts[fact], meanings[fact], known.get(fact, {}), contracts) for fact in own]
            pages[f"facts/{group}.md"] = head + "[what a fact is](../facts.md).\n\n" + "\n".join(entries)
    return pages


def _entry(
    fact: str, probe: ProbeText, meaning: str, known: Mapping[str, tuple[Known, ...]], contracts: Iterable[Contract]
) -> str:
    question = "" if meaning == probe.behaviour else f" *{escaped(probe.behaviour)}*"
    explained = [
        f"[`{contract.anchor.rpartition('.')[2]}`](../contracts.md#{contract.anchor})"
        for contract in contracts
        if fact in contract.explained_by
    ]
    lines = [
        f"### `{fact}` {{ #{fact} }}",
        "",
        sentence(meaning) + question,
        "",
        *_values(known),
        "",
        f"- **Rule**: {escaped(probe.rule)}",
        f"- **Who differs**: {_who_differs(fact, known)}",
        f"- **Sources**: {'; '.join(_sources(probe, known)) or 'the measurements alone.'}",
    ]
    if explained:
        lines.append(f"- **Explains failures of**: {', '.join(explained)}")
    return "\n".join([*lines, f"- **Probe**: `suite/{probe.id}`", ""])


def _values(known: Mapping[str, tuple[Known, ...]]) -> list[str]:
    """A row for each value, with the systems that have it."""
    rows: dict[str, list[str]] = {}
    for system in SYSTEMS:
        for one in known.get(system.name, ()):
            rows.setdefault(shown(one.value), []).append(f"{system.name} ({evidence(one, '../systems.md')})")
    if not rows:
        return ["No value is known: no system that was measured has one."]
    return [
        "| value | where |",
        "| --- | --- |",
        *(f"| {value} | {'<br>'.join(where)} |" for value, where in rows.items()),
    ]


def _who_differs(fact: str, known: Mapping[str, tuple[Known, ...]]) -> str:
    if OF_THE_MACHINE.fullmatch(fact):
        return "machines do: it follows from how one is set up, not from the system alone."
    with_value = [system.name for system in SYSTEMS if system.name in known]
    if len(with_value) < 2:
        return "not known: there is a value of one system at most."
    differing = differing_systems(known)
    unknown = [system.name for system in SYSTEMS if system.name not in known]
    rest = f" Not known of {_listed(unknown)}." if unknown else ""
    if not differing:
        return f"none of the {len(known)} systems known here.{rest}"
    return f"{_listed(differing)} from {with_value[0]}.{rest}"


def _sources(probe: ProbeText, known: Mapping[str, tuple[Known, ...]]) -> list[str]:
    documented = [
        linked(piece.text)
        for system in known.values()
        for one in system
        for piece in one.evidence
        if piece.kind == "documented"
    ]
    return list(dict.fromkeys([*citations(probe.rule), *documented]))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
