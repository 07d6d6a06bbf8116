"""What is to be said about a server: a problem, or a warning."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "warning", "problem", "unknown"]
"""From good to bad, but for the last: nothing is known."""


@dataclass(frozen=True)
class Remark:
    """One sentence."""

    severity: Severity
    text: str
    address: str = ""
    """The one that it is about; empty where it is about the server as a whole."""
