"""Decorators that say what a contract depends on."""

import pytest


def explained_by(*facts: str) -> pytest.MarkDecorator:
    """Name the facts whose difference from the reference can explain a failure of this contract."""
    return pytest.mark.explained_by(*facts)


def promised_by(*binds: str) -> pytest.MarkDecorator:
    """Name the bind modes that promise this contract; under another one it is left out."""
    return pytest.mark.promised_by(*binds)


speaks_chat = pytest.mark.protocol("chat")
