"""The typed results of `anyunix mutation`: what its table, mutation.md and mutation.json are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from anyunix.errors import EXIT_NOT_PORTABLE, EXIT_NOT_RUN, EXIT_PORTABLE
from anyunix.mutation.faults import Fault

FaultOutcome = Literal["caught", "missed", "shows elsewhere too", "does not show", "left out", "not run", "broke"]


@dataclass(frozen=True)
class Finding:
    """What became of one fault in one subject on one platform."""

    fault: str
    subject: str
    platform: str
    answer: FaultOutcome
    reason: str = ""
    """Empty where it was caught."""
    caught_by: tuple[str, ...] = ()
    """The contracts that failed, as they had to."""
    expected: bool = True
    """Whether the platform is one where the fault has to show."""

    @property
    def bad(self) -> bool:
        return self.answer in ("missed", "shows elsewhere too")


@dataclass(frozen=True)
class Healthy:
    """The server without a fault, checked against all contracts that are named, on one platform."""

    subject: str
    platform: str
    bind: str
    kept: int
    """Contracts."""
    left_out: int
    failures: Mapping[str, str]
    """Contract -> what it said. Has to be empty."""
    reason: str = ""
    """Why it did not run, or what broke; empty when it ran."""
    broke: bool = False


@dataclass(frozen=True)
class MutationResults:
    """A whole run."""

    faults: tuple[Fault, ...]
    subjects: tuple[str, ...]
    platforms: tuple[str, ...]
    findings: tuple[Finding, ...]
    healthy: tuple[Healthy, ...]
    required: tuple[str, ...] = ()
    repeat: int = 1
    started: str = ""
    """ISO 8601, UTC."""
    seconds: float = 0.0

    def finding(self, fault: str, subject: str, platform: str) -> Finding | None:
        return next(
            (
                found
                for found in self.findings
                if (found.fault, found.subject, found.platform) == (fault, subject, platform)
            ),
            None,
        )

    def of(self, fault: str, subject: str) -> list[Finding]:
        """What became of a fault in a subject, platform by platform."""
        return [found for found in self.findings if (found.fault, found.subject) == (fault, subject)]

    @property
    def problems(self) -> list[str]:
        """What makes the exit status 1, one line each."""
        found = [
            f"{each.platform} {each.subject}: the healthy server fails {contract}: {said}"
            for each in self.healthy
            for contract, said in each.failures.items()
        ]
        found += [
            f"{each.platform} {each.subject}: {each.fault}: {each.answer}: {each.reason}"
            for each in self.findings
            if each.bad
        ]
        for fault in self.faults:
            found += [
                f"{subject}: {fault.name}: nothing catches it, though it could show on {', '.join(names)}"
                for subject in self.subjects
                if (names := self._uncaught(fault.name, subject))
            ]
        return found

    @property
    def not_at_hand(self) -> list[str]:
        """Faults that no platform of this run shows, one line each: `c: off-t-32-bits`."""
        return [
            f"{subject}: {fault.name}"
            for fault in self.faults
            for subject in self.subjects
            if (own := self.of(fault.name, subject)) and not any(found.expected for found in own)
        ]

    @property
    def unanswered(self) -> list[str]:
        """Required platforms that did not run, and whatever broke, one line each."""
        found = [
            f"{each.platform} {each.subject}: the healthy server: {each.reason}"
            for each in self.healthy
            if each.broke or (each.reason and each.platform in self.required)
        ]
        return found + [
            f"{each.platform} {each.subject}: {each.fault}: {each.reason}"
            for each in self.findings
            if each.answer == "broke" or (each.answer == "not run" and each.platform in self.required)
        ]

    @property
    def exit_status(self) -> int:
        """0 all caught · 1 a fault is missed or a healthy server fails · 3 a required platform did not run."""
        if self.problems:
            return EXIT_NOT_PORTABLE
        ran = any(not each.reason for each in self.healthy)
        return EXIT_NOT_RUN if self.unanswered or not ran else EXIT_PORTABLE

    def _uncaught(self, fault: str, subject: str) -> list[str]:
        """The platforms where it was to show, when none of them caught it; those that did not run do not count."""
        tried = [found for found in self.of(fault, subject) if found.expected and found.answer != "not run"]
        if any(found.answer in ("caught", "missed", "broke") for found in tried):
            return []
        return [found.platform for found in tried]
