"""Many servers, looked at side by side."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from anyunix.check.abreast import abreast
from anyunix.check.examine import CheckOptions, examine
from anyunix.check.judge import Check
from anyunix.check.remark import Remark, Severity
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN, PlatformError


@dataclass(frozen=True)
class Query:
    """One server, and what it is called in reports."""

    label: str
    options: CheckOptions


@dataclass(frozen=True)
class Examined:
    """What became of it."""

    asked: Query
    check: Check | None
    error: str = ""
    """Why there is no check."""
    seconds: float = 0.0

    @property
    def severity(self) -> Severity:
        return self.check.severity if self.check else "unknown"

    @property
    def remarks(self) -> tuple[Remark, ...]:
        return self.check.remarks if self.check else (Remark("unknown", self.error),)


@dataclass(frozen=True)
class Round:
    """All of them, once."""

    examined: tuple[Examined, ...]
    seconds: float

    def count(self, severity: Severity) -> int:
        return sum(each.severity == severity for each in self.examined)

    @property
    def exit_status(self) -> int:
        """1 with a problem, else 3 where something could not be looked at, else 0."""
        return EXIT_FAILED if self.count("problem") else EXIT_NOT_RUN if self.count("unknown") else EXIT_DONE


def examine_all(asked: Sequence[Query], jobs: int, seconds: float) -> Round:
    """`jobs` of them at once. One that is not done within `seconds` has no answer."""
    begun = time.monotonic()
    late = f"not done within {seconds:g} s (--deadline)"
    found = abreast(_examined, asked, jobs, seconds)
    examined = tuple(done or Examined(one, None, late, seconds) for one, done in zip(asked, found, strict=True))
    return Round(examined, time.monotonic() - begun)


def _examined(asked: Query) -> Examined:
    begun = time.monotonic()
    try:
        check, error = examine(asked.options), ""
    except PlatformError as wrong:
        check, error = None, str(wrong)
    return Examined(asked, check, error, time.monotonic() - begun)
