"""What each call may answer (suite/errnos.yaml)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from anyunix.catalog.reader import convert, load_yaml

Why = Literal["interrupted", "resources", "peer", "disk", "permission", "network"]
LASTING: frozenset[Why] = frozenset({"resources", "disk"})
"""What is not over with the next call."""


class PossibleError(Struct, frozen=True, forbid_unknown_fields=True):
    """An error that a call may answer."""

    error: str
    why: Why
    who: str
    """Who documents it."""
    about: Literal["any", "listener", "client", "file", "pipe"] = "any"
    """What the call has to be about."""
    unless: str = ""
    """A word among the call's arguments with which it cannot happen."""
    difference: str = ""
    """The one of differences/ that has the evidence of the systems that answer so."""


def read_errnos(suite: Path) -> Mapping[str, tuple[PossibleError, ...]]:
    """Call, as traces name it -> what it may answer. Raises ConfigurationError."""
    path = suite / "errnos.yaml"
    return convert(path, load_yaml(path), dict[str, tuple[PossibleError, ...]])
