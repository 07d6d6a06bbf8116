"""The ways in which a subject can be built: as its own file says, or with the compiler told to show what luck hides."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anyunix.results.model import PLAIN


@dataclass(frozen=True)
class Build:
    """One way to build a subject."""

    name: str = PLAIN
    flags: tuple[str, ...] = ()
    """For the compiler, as CFLAGS; without any the subject's own."""
    compiler: str = ""
    """For CC; empty for the platform's `cc`."""
    honoured: bool = True
    """Whether a build that ignores the flags would be another one, so that it has to be found out."""
    objects: Path | None = None
    """A folder that cross builds of nearly the same sources share, so that each compiles only what differs."""

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            **({"CFLAGS": shlex.join(self.flags)} if self.flags else {}),
            **({"CC": self.compiler} if self.compiler else {}),
        }


PATTERN = "-ftrivial-auto-var-init=pattern"
POISONED = Build("poisoned", ("-O2", PATTERN))
"""Uninitialised automatic variables hold a pattern instead of what chance left there (gcc 12, clang 8 and newer)."""
CHECKED = Build("checked", ("-O0", "-g"))
"""With lines and names for a memory checker to tell."""
SANITIZED = Build(
    "sanitized",
    ("-O0", "-g", "-fsanitize=memory", "-fsanitize-recover=memory", "-fsanitize-memory-track-origins"),
    "clang",
)
"""For platforms without valgrind."""
