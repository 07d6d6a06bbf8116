"""How a connection ends before its time."""

from __future__ import annotations


class LostError(Exception):
    """The connection was lost or never made; the argument is the reason. It is worth another try."""


class RefusedByServerError(Exception):
    """The server answered ERR; the argument is its reason, as the server spells it."""
