"""facts.md: what a fact is, the ten differences that bite servers most, and a line for each fact."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from anyunix.results.model import GROUPS, ProbeText
from reference_pages.citations import escaped, sentence
from reference_pages.systems import Facts
from reference_pages.values import OF_THE_MACHINE, differing_systems, in_order, link_to

TEXT = Path(__file__).with_name("facts.md")
DIFFERENCES = Path(__file__).with_name("differences.yaml")


def fact_index(facts: Mapping[str, ProbeText], meanings: Mapping[str, str], known: Facts) -> str:
    """The page's content. Raises SystemExit for one of the ten differences that the data does not show."""
    who = {fact: _who_differs(fact, known) for fact in facts}
    differing = sum(said not in ("", "machines") for said in who.values())
    parts = [TEXT.read_text(encoding="utf-8").format(count=len(facts), differing=differing).rstrip(), ""]
    parts += [*_ten_differences(facts, known), "", "## All facts", ""]
    for group in GROUPS:
        own = [fact for fact in in_order(facts) if facts[fact].group == group]
        if own:
            parts += [f"### {group.capitalize()}", "", "| fact | what it says | who differs |", "| --- | --- | --- |"]
            parts += [f"| {link_to(fact, facts)} | {sentence(meanings[fact])} | {who[fact]} |" for fact in own]
            parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _who_differs(fact: str, known: Facts) -> str:
    return "machines" if OF_THE_MACHINE.fullmatch(fact) else ", ".join(differing_systems(known.get(fact, {})))


def _ten_differences(facts: Mapping[str, ProbeText], known: Facts) -> list[str]:
    lines = []
    for number, difference in enumerate(yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8")), 1):
        for fact in difference["facts"]:
            if not differing_systems(known.get(fact, {})):
                raise SystemExit(f"{DIFFERENCES}: by the data no system differs in {fact!r}")
        links = ", ".join(link_to(fact, facts) for fact in difference["facts"])
        lines.append(f"{number}. **{escaped(difference['title'])}** {escaped(difference['text'])} {links}")
    return lines
