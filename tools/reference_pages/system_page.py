"""systems.md: the table of behaviours by system."""

from collections.abc import Mapping, Sequence

from anyunix.results.model import GROUPS, ProbeText
from reference_pages.citations import escaped, sentence
from reference_pages.systems import SYSTEMS, Facts, Known, Measured
from reference_pages.values import behaviours, evidence, in_order, link_to, shown

INTRODUCTION = """\
---
hide:
  - toc
---

# Behaviour × system

Every behaviour in which at least one of these systems differs from another: {rows} rows. The name of a row leads to its
entry with the rule and the sources. Within a row, values that differ from the first known one are **bold**.

Each cell has a value and, below it, the evidence for it:

- **measured**: the suite, or a program of its own, measured it on the system named; a link leads to [what was
  measured](#what-was-measured);
- **a manual or a source file**: documented there, and not measured. Links lead to the page as it is today, the text
  names the one that was read;
- *unknown*: neither. Nothing here is guessed.

`yes` and `no` answer the row's name, `ok` means that the call succeeds, and an error's name is what it gives instead.
What depends on how one machine is set up is left out: limits, installed locales, the ports that a user may bind.
On a narrow screen the table scrolls to the side under its first column; the entries behind the names have the same
values one below the other.

<style>
.md-typeset table:not([class]) th:first-child, .md-typeset table:not([class]) td:first-child {{
  position: sticky; left: 0; background: var(--md-default-bg-color); min-width: 9rem;
}}
.md-typeset td code {{ word-break: normal; }}
@media (min-width: 60em) {{ .md-typeset td:first-child code {{ white-space: nowrap; }} }}
</style>
"""


BESIDE = """\
### NetBSD 6.99.16 and OpenBSD 5.1 { #netbsd-and-openbsd }

Single values, which say so in their cells, were measured before the suite ran there: by a C program and a Python script
on NetBSD 6.99.16/i386 (a development tree of 2013; FFS and tmpfs; under QEMU) and on OpenBSD 5.1 (a kernel without
INET6). Both are old: read them as evidence of what a system did, and what its manual still says.
"""


def system_page(
    facts: Mapping[str, ProbeText], meanings: Mapping[str, str], known: Facts, measured: Mapping[str, Measured]
) -> str:
    """The page's content."""
    rows = list(behaviours({fact: known[fact] for fact in in_order(facts) if fact in known}))
    parts = [INTRODUCTION.format(rows=len(rows))]
    for group in GROUPS:
        own = [row for row in rows if facts[row[0]].group == group]
        if own:
            parts += [f"## {group.capitalize()}\n", _table(own, facts, meanings), ""]
    parts += [
        "## What was measured { #what-was-measured }\n",
        *(_measured(file, each) for file, each in measured.items()),
        BESIDE,
    ]
    return "\n".join(parts).rstrip() + "\n"


def _table(
    rows: Sequence[tuple[str, str, Mapping[str, tuple[Known, ...]]]],
    facts: Mapping[str, ProbeText],
    meanings: Mapping[str, str],
) -> str:
    lines = [f"| behaviour | {' | '.join(system.name for system in SYSTEMS)} |", "| --- |" + " --- |" * len(SYSTEMS)]
    for fact, entry, known in rows:
        name = link_to(fact, facts) + (f" {escaped(entry)}" if entry else "")
        first = next(shown(known[system.name][0].value) for system in SYSTEMS if system.name in known)
        cells = (_cell(known.get(system.name, ()), first) for system in SYSTEMS)
        lines.append(f"| {name}<br><small>{sentence(meanings[fact])}</small> | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(known: tuple[Known, ...], first: str) -> str:
    if not known:
        return "*unknown*"
    values = [shown(one.value) for one in known]
    return "<br>".join(
        f"{value if value == first else f'**{value}**'}<br><small>{evidence(one)}</small>"
        for value, one in zip(values, known, strict=True)
    )


def _measured(file: str, measured: Measured) -> str:
    lines = [
        f"### {escaped(measured.system)} {{ #{file} }}",
        "",
        f"{len(measured.facts)} facts, measured on {measured.measured} by {escaped(measured.by)}: "
        f"[measured/{file}.json](measured/{file}.json).",
    ]
    if measured.note:
        lines += ["", escaped(measured.note)]
    return "\n".join([*lines, ""])
