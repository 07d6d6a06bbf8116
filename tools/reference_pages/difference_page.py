"""differences.md: documented behaviour of other systems that can be switched on, from differences/*.yaml."""

from collections.abc import Iterator, Mapping, Sequence

from anyunix.catalog.difference import TITLES, Difference, of_system
from anyunix.differences.listing import COMPILED, mechanisms
from anyunix.report.page.shown import shown
from anyunix.results.model import ProbeText
from reference_pages.citations import escaped
from reference_pages.values import link_to

INTRODUCTION = """\
# Differences

Documented behaviour of other systems that anyunix can switch on for an unmodified server on Linux. In contracts a
difference is on in the server alone, in facts in all that measures. `anyunix differences --subject FILE` says which of
them a server does not survive ([how to](../how-to/differences.md)); a platform with all differences of a system is a
[likeness](../likenesses.md), and never that system.
"""


def difference_page(differences: Sequence[Difference], facts: Mapping[str, ProbeText]) -> str:
    """The page's content."""
    rows = [
        f"| {title} | {len(own)} | {', '.join(f'[{each.name}](#{each.name})' for each in own) or '–'} |"
        for system, title in TITLES.items()
        for own in [of_system(differences, system)]
    ]
    table = ["| system | differences | |", "| --- | --- | --- |", *rows, ""]
    entries = [line for each in differences for line in _entry(each, facts)]
    return "\n".join([INTRODUCTION, *table, *entries]).rstrip() + "\n"


def _linked(fact: str, facts: Mapping[str, ProbeText]) -> str:
    return link_to(fact, facts) if fact in facts else f"`{fact}`"


def _entry(difference: Difference, facts: Mapping[str, ProbeText]) -> Iterator[str]:
    yield from (f"## {difference.name} {{ #{difference.name} }}", "", f"{escaped(difference.title)}.", "")
    for system, evidence in difference.systems.items():
        yield f"- **{TITLES[system]}**: {escaped(evidence)}"
    yield f"- **Rule**: {escaped(difference.rule)}"
    yield f"- **Breaks**: {escaped(difference.breaks)}"
    for fact, value in difference.facts.items():
        yield f"- **Measured when it is on**: {_linked(fact, facts)} is `{shown(value)}`"
    for fact, value in difference.besides.items():
        yield f"- **Measured as well, on Linux**: {_linked(fact, facts)} is `{shown(value)}`"
    for fact in difference.unmeasured:
        yield f"- **Not measured when it is on**: {_linked(fact, facts)}"
    yield from (f"- **Switched on by**: {escaped(how)}" for how in mechanisms(difference))
    if difference.when_compiled:
        yield f"- **When compiled**: {COMPILED}"
    yield ""
