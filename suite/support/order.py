"""Contracts that need what other contracts are about: one fault is one failure, and the others name it."""

from collections.abc import Sequence

import pytest

from support.subject import Subject

ROOTS = pytest.StashKey[dict[str, str]]()
"""Probe that failed, or was not tried because of another -> the one that failed."""


def needed(item: pytest.Item, subject: Subject | None) -> list[str]:
    """The IDs of the probes that this one depends on."""
    stop = subject.stop if subject else ""
    return [probe.replace("{stop}", stop) for mark in item.iter_markers("depends_on") for probe in mark.args]


def in_order(items: Sequence[pytest.Item], subject: Subject | None) -> list[pytest.Item]:
    """The same items, each behind those that it depends on, and otherwise as they came."""
    by_id = {item.nodeid: item for item in items}

    def depth(item: pytest.Item) -> int:
        return max((1 + depth(by_id[probe]) for probe in needed(item, subject) if probe in by_id), default=0)

    return sorted(items, key=depth)


def chains(items: Sequence[pytest.Item], subject: Subject | None) -> list[list[pytest.Item]]:
    """The same items, those together that depend on one another, each behind what it depends on."""
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        before = [found[probe] for probe in needed(item, subject) if probe in found]
        chain = [*dict.fromkeys(each for chain in before for each in chain), item]
        found.update({each.nodeid: chain for each in chain})
    return [chain for item in items if (chain := found[item.nodeid])[0] is item]


def failed(item: pytest.Item) -> None:
    item.config.stash.setdefault(ROOTS, {})[item.nodeid] = item.nodeid


def root_of(item: pytest.Item, subject: Subject | None) -> str | None:
    """The contract that failed and because of which this one cannot be tried."""
    roots = item.config.stash.setdefault(ROOTS, {})
    found = next((roots[probe] for probe in needed(item, subject) if probe in roots), None)
    if found is not None:
        roots[item.nodeid] = found
    return found
