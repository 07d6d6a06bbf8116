"""What commands print for other programs: JSON with the number of its schema. Additions keep the number."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from anyunix.analysis.changes import Changes
from anyunix.analysis.compare import differences
from anyunix.analysis.readiness import Preflight
from anyunix.results.matrix_file import encode
from anyunix.results.model import Matrix, PlatformResult

SCHEMA = 1


def as_text(content: Mapping[str, Any]) -> str:
    """A document; what platforms say in it is escaped, so that a terminal takes nothing in it for a command."""
    return json.dumps({"schema": SCHEMA, **msgspec.to_builtins(content)}, indent=1)


def whole(matrix: Matrix) -> str:
    """All of a run: what matrix.json holds, with its own number."""
    return json.dumps(json.loads(encode(matrix)), indent=1)


def facts(matrix: Matrix, *, diff: bool) -> str:
    """What was measured on each platform, what is documented of one that did not run; what differs, if asked for."""
    document: dict[str, Any] = {
        "reference": matrix.reference,
        "platforms": [_facts_of(platform) for platform in matrix.platforms],
    }
    if diff:
        document["differences"] = [
            {"fact": each.name, "behaviour": each.behaviour, "values": each.values, "unstable": each.unstable}
            for each in differences(matrix)
        ]
    return as_text(document)


def _facts_of(platform: PlatformResult) -> dict[str, Any]:
    keys = ("name", "title", "status", "reason", "emulates", "emulator", "facts", "unstable", "documented")
    return {key: getattr(platform, key) for key in keys}


def changed(changes: Changes, old: str, new: str) -> str:
    """What is different in a new run."""
    return as_text(
        {
            "old": old,
            "new": new,
            "worse": changes.worse,
            "contracts": changes.contracts,
            "verdicts": changes.verdicts,
            "facts": changes.facts,
        }
    )


def ready(found: Preflight) -> str:
    """The answer for one machine, and what it rests on."""
    cell = found.cell
    return as_text(
        {
            "answer": found.answer,
            "subject": cell.subject,
            "bind": cell.bind,
            "platform": cell.platform,
            "status": cell.status,
            "reason": cell.reason,
            "kept": len(cell.kept()),
            "left_out": cell.left_out,
            "failures": [
                {"probe": probe.id, "outcome": probe.outcome, "message": probe.message, "why": probe.explanation}
                for probe in cell.failures
            ],
            "compared_with": found.known_good,
            "broken_before": found.broken_before,
            "facts": [
                {"fact": each.fact.name, "values": each.fact.values, "failing": each.failing, "kept": each.kept}
                for each in found.facts
            ],
        }
    )


def entries_of(what: str, entries: Iterable[Mapping[str, Any]]) -> str:
    """The platforms, subjects or probes there are."""
    return as_text({what: list(entries)})
