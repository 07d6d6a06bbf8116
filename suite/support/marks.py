"""Decorators that say what a contract depends on."""

import pytest


def explained_by(*facts: str, failing: str = "", fix: str = "") -> pytest.MarkDecorator:
    """Name the facts whose difference from the reference can explain a failure of this contract.

    `failing` says what a failure means, as the start of a sentence: `IPv4 clients are refused`; `fix` what to do.
    """
    return pytest.mark.explained_by(*facts, failing=failing, fix=fix)


def says(fact: str, phrase: str) -> pytest.MarkDecorator:
    """How a report says a fact's value: `{value}` stands for all of it, `{first}` for a list's first element.

    `says("ipv6.v6only_default", "IPV6_V6ONLY is {value} by default")`; the report adds `here, 0 on debian`.
    """
    return pytest.mark.says(fact, phrase)


def follows_from(*contracts: str) -> pytest.MarkDecorator:
    """Name the contracts without which this one cannot be kept, by their IDs: where one of them failed, a failure of
    this one is shown as its consequence. `binding/test_a_contracts.py::test_b`, with the parameters if it has some.
    """
    return pytest.mark.follows_from(*contracts)


def promised_by(*binds: str) -> pytest.MarkDecorator:
    """Name the bind modes that promise this contract; under another one it is left out."""
    return pytest.mark.promised_by(*binds)


def promises(*names: str) -> pytest.MarkDecorator:
    """Name promises of the subject file; a subject that does not make one of them has the contract left out."""
    return pytest.mark.promises(*names)


def depends_on(*probes: str) -> pytest.MarkDecorator:
    """Name contracts without which this one cannot be tried: where one of them fails, this one is not tried.

    They run before it. One that passes, or does not run, changes nothing: a failure of this one is then its own.
    `{stop}` stands for the signal that ends the subject.
    """
    return pytest.mark.depends_on(*probes)


def over(*transports: str) -> pytest.MarkDecorator:
    """Name the transports that a contract is about; without this mark, TCP alone."""
    return pytest.mark.over(*transports)


def talks(what: str) -> pytest.MarkDecorator:
    """Say what the talk of a subject has to hold for this contract to be tried: see `support/left_out.py`."""
    return pytest.mark.talks(what)


alone = pytest.mark.alone
"""For probes that measure time or load, or for which a port has to stay free while nobody has it: no other probe runs
beside them.
"""
names_addresses = pytest.mark.names_addresses
"""For subjects whose ready line says what they bound, and which choose their port themselves."""
speaks_chat = pytest.mark.protocol("chat")
