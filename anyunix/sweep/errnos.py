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
    """An error that a call may answer, or a result that is short."""

    error: str = ""
    why: Why = "interrupted"
    who: str = ""
    """Who documents it."""
    about: Literal["any", "listener", "client", "file", "pipe"] = "any"
    """What the call has to be about."""
    unless: str = ""
    """A word among the call's arguments with which it cannot happen."""
    short: Literal["", "half", "one"] = ""
    """Half of the bytes, or one, are transferred instead of all: no error."""
    made: bool = False
    """Whether the call has done what it does when the error comes."""
    difference: str = ""
    """The one of differences/ that has the evidence of the systems that answer so."""

    @property
    def name(self) -> str:
        """EMFILE, or `half`."""
        return self.error or self.short

    @property
    def inside(self) -> bool:
        """Whether strace(1) cannot do it: it makes a call, or makes it not."""
        return bool(self.short) or self.made


def read_errnos(suite: Path) -> Mapping[str, tuple[PossibleError, ...]]:
    """Call, as traces name it -> what it may answer. Raises ConfigurationError."""
    path = suite / "errnos.yaml"
    return convert(path, load_yaml(path), dict[str, tuple[PossibleError, ...]])
