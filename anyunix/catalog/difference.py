"""Differences: one documented behaviour of another system each, which can be switched on for a server on Linux."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from anyunix.text import Text, Word

System = Literal["freebsd", "netbsd", "openbsd", "macos", "illumos"]
SYSTEMS: tuple[System, ...] = get_args(System)
TITLES: Mapping[System, str] = {
    "freebsd": "FreeBSD",
    "netbsd": "NetBSD",
    "openbsd": "OpenBSD",
    "macos": "macOS",
    "illumos": "illumos",
}
Limit = Literal["nofile", "nproc", "stack", "as", "fsize"]
"""Those of setrlimit(2), as resource.RLIMIT_… has them in capitals."""
Natural = Annotated[int, Meta(ge=0)]
SoftAndHard = Annotated[list[Natural], Meta(min_length=2, max_length=2)]


class Mechanism(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a difference is switched on: all of what it names."""

    preload: Annotated[
        Word, Meta(description="a C source in differences/preload/, made an object that goes in front of libc")
    ] = ""
    sysctls: Annotated[dict[Word, Word], Meta(description="kernel parameters of a private network namespace")] = (
        msgspec.field(default_factory=dict)
    )
    files: Annotated[
        dict[Word, Word], Meta(description="files put over what the platform has: absolute path -> content")
    ] = msgspec.field(default_factory=dict)
    limits: Annotated[
        dict[Limit, Natural | SoftAndHard],
        Meta(description="resource limits of whatever it is switched on for: one number, or a soft and a hard one"),
    ] = msgspec.field(default_factory=dict)


class DifferenceKeys(Mechanism, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One documented behaviour of other systems, and how a server on Linux gets to see it."""

    title: Annotated[Text, Meta(description="the behaviour, in one line")]
    systems: Annotated[
        dict[System, Text],
        Meta(
            description="the systems that behave like that, each with the evidence: measured, or where it is written; "
            "{} for what a host may be like whatever its system, or a system does that is none of these"
        ),
    ]
    rule: Annotated[Text, Meta(description="what POSIX, an RFC or a manual page says about it")]
    facts: Annotated[
        dict[Word, Any],
        Meta(
            description="what the suite measures when it is on, and not when it is off: fact and value; of one "
            "with parts, those that change"
        ),
    ]
    besides: Annotated[
        dict[Word, Any],
        Meta(
            description="facts that change as well on Linux, and say nothing about a system: others have other values"
        ),
    ] = msgspec.field(default_factory=dict)
    unmeasured: Annotated[
        list[Word], Meta(description="facts that cannot be measured when it is on: what they are about is not there")
    ] = msgspec.field(default_factory=list)
    breaks: Annotated[Text, Meta(description="the server that it breaks: `a server that …`")]
    when_compiled: Annotated[
        bool,
        Meta(
            description="whether a program sees it when it is compiled, as with a function that is not there: it is "
            "then built otherwise for that system, so that likenesses leave it out"
        ),
    ] = False
    musl: Annotated[
        Mechanism | None, Meta(description="how it is switched on where libc is musl, if in another way")
    ] = None


@dataclass(frozen=True)
class Difference:
    """A difference as its file describes it."""

    name: str
    title: str
    systems: Mapping[System, str]
    rule: str
    facts: Mapping[str, Any]
    """Fact -> its value when the difference is on."""
    breaks: str
    mechanism: Mechanism
    musl: Mechanism
    """Where libc is musl; the same unless the file says otherwise."""
    sources: Path
    """The folder with what is preloaded."""
    besides: Mapping[str, Any] = field(default_factory=dict)
    """Facts that change as well, and by which no system is known to have the difference."""
    unmeasured: tuple[str, ...] = ()
    """Facts that cannot be measured when it is on."""
    when_compiled: bool = False
    """Whether a program sees it when it is compiled, and is built otherwise for that system."""

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """Each once."""
        return (self.mechanism,) if self.musl == self.mechanism else (self.mechanism, self.musl)

    @property
    def alters(self) -> bool:
        """Whether the platform itself has to be another one: the rest is done to the server alone."""
        return any(each.sysctls or each.files for each in self.mechanisms)

    @property
    def preloaded(self) -> tuple[Path, ...]:
        """The sources of what is preloaded, for one libc or another."""
        return tuple(self.sources / each.preload for each in self.mechanisms if each.preload)


def of_system(differences: Sequence[Difference], system: System) -> tuple[Difference, ...]:
    """Those that a system has."""
    return tuple(each for each in differences if system in each.systems)


def in_likeness(differences: Sequence[Difference], system: System) -> tuple[Difference, ...]:
    """Those of a system that a program which was built for Linux would meet there as well if it were built for it."""
    return tuple(each for each in of_system(differences, system) if not each.when_compiled)


def changes_of(differences: Sequence[Difference]) -> tuple[dict[str, str], dict[str, str]]:
    """The sysctls and the files that a platform has to have for them, on whatever libc."""
    sysctls: dict[str, str] = {}
    files: dict[str, str] = {}
    for mechanism in (each for difference in differences for each in difference.mechanisms):
        sysctls |= mechanism.sysctls
        files |= mechanism.files
    return sysctls, files
