"""contracts.md: one entry a contract."""

from collections.abc import Mapping, Sequence

from anyunix.results.model import GROUPS, ProbeText
from reference_pages.citations import citations, escaped
from reference_pages.probe_texts import Contract
from reference_pages.systems import Facts
from reference_pages.values import OF_THE_MACHINE, differing_systems, link_to

INTRODUCTION = """\
# Contracts

A contract is something that a *server* must do on every system; it passes or fails. {any} contracts hold for any
server, whatever its protocol; {chat} more are about the chat servers, whose protocol (`chat/PROTOCOL.md`) lets more
be asked.

Each entry says what is asked, by which rule, which systems could break it (those that differ in a [fact](facts.md)
which explains its failure), what takes it back, and which of the deliberate [faults](../mutation.md) of the chat
servers it is known to catch.
"""


def contract_page(contracts: Sequence[Contract], facts: Mapping[str, ProbeText], known: Facts) -> str:
    """The page's content."""
    chat = sum(contract.protocol == "chat" for contract in contracts)
    parts = [INTRODUCTION.format(any=len(contracts) - chat, chat=chat)]
    for title, own in _sections(contracts).items():
        parts += [f"- [{title}](#{_slug(title)}): {len(own)}"]
    for title, own in _sections(contracts).items():
        parts += ["", f"## {title} {{ #{_slug(title)} }}", "", *(_entry(contract, facts, known) for contract in own)]
    return "\n".join(parts).rstrip() + "\n"


def _sections(contracts: Sequence[Contract]) -> dict[str, list[Contract]]:
    found = {"Any server": [contract for contract in contracts if not contract.protocol]}
    for group in GROUPS:
        found[f"Chat servers: {group}"] = [c for c in contracts if c.protocol and c.text.group == group]
    return {title: own for title, own in found.items() if own}


def _slug(title: str) -> str:
    return title.lower().replace(": ", "-").replace(" ", "-")


def _entry(contract: Contract, facts: Mapping[str, ProbeText], known: Facts) -> str:
    name = contract.text.id.rpartition("::")[2]
    asks = escaped(contract.text.behaviour)
    if contract.parameters:
        asks += f" Tried for each of {', '.join(f'`{parameter}`' for parameter in contract.parameters)}."
    lines = [
        f"### `{name}` {{ #{contract.anchor} }}",
        "",
        asks,
        "",
        f"- **Rule**: {escaped(contract.text.rule)}",
        f"- **Who could break it**: {_who(contract, facts, known)}",
    ]
    if contract.fix:
        lines.append(f"- **Fix**: {escaped(contract.fix)}")
    lines += [
        f"- **Sources**: {'; '.join(citations(contract.text.rule)) or 'this project'}",
        f"- **Taken back by**: {_taken_back(contract)}",
        f"- **Faults it catches**: {_faults(contract)}",
        f"- **Probe**: `suite/{contract.text.id}`",
        "",
    ]
    return "\n".join(lines)


def _who(contract: Contract, facts: Mapping[str, ProbeText], known: Facts) -> str:
    if not contract.explained_by:
        return "no difference between systems is known to; a failure is the server's own."
    told = []
    for fact in contract.explained_by:
        systems = differing_systems(known.get(fact, {}))
        where = f"differs on {', '.join(systems)}" if systems else "differs on none of the systems known here"
        if OF_THE_MACHINE.fullmatch(fact):
            where = "differs between machines"
        told.append(f"{link_to(fact, facts)} {where}")
    return "; ".join(told) + "."


def _taken_back(contract: Contract) -> str:
    ways = []
    if contract.promises:
        words = " or ".join(f"`{word}: false`" for word in contract.promises)
        ways.append(f"{words} under `promises` in the subject file")
    if contract.binds:
        ways.append(f"another bind mode than {' or '.join(f'`{mode}`' for mode in contract.binds)}")
    if contract.names_addresses:
        ways.append("a `ready` line that does not name addresses")
    if contract.protocol:
        ways.append(f"no `protocol: {contract.protocol}`")
    return "; ".join(ways) or "nothing: every server has to keep it."


def _faults(contract: Contract) -> str:
    if not contract.faults:
        return "none that is listed for it."
    return (
        "; ".join(f"[{fault.name}](../mutation.md#{fault.name}) ({escaped(fault.title)})" for fault in contract.faults)
        + "."
    )
