"""The systems and CPUs that programs are built for, and what a program for each has in its header."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from anyunix.architecture import BY_NAME
from anyunix.errors import ConfigurationError
from anyunix.text import nearest

CPUS = tuple(BY_NAME)

FREEBSD = 14
"""The first major version with what zig's start code calls: libc's __libc_start1, symbol version FBSD_1.7."""


@dataclass(frozen=True)
class TargetSystem:
    """An operating system with its libc."""

    name: str
    """As in `--target`: `freebsd`, `linux-musl`."""
    title: str
    triples: dict[str, str]
    """CPU -> what zig calls that target."""
    absent: str
    """Why there is nothing for the other CPUs."""


@dataclass(frozen=True)
class Target:
    """One system on one CPU."""

    system: TargetSystem
    cpu: str

    @property
    def name(self) -> str:
        """zig's triple: `x86_64-linux-musl`."""
        return self.system.triples[self.cpu]


def _triples(system: str, arm: str, cpus: Sequence[str]) -> dict[str, str]:
    return {cpu: f"{BY_NAME[cpu].zig}-{arm if cpu == 'armv7' else system}" for cpu in cpus}


SYSTEMS = (
    TargetSystem("linux-gnu", "Linux, glibc", _triples("linux-gnu", "linux-gnueabihf", CPUS), ""),
    TargetSystem("linux-musl", "Linux, musl", _triples("linux-musl", "linux-musleabihf", CPUS), ""),
    TargetSystem("freebsd", "FreeBSD", _triples("freebsd", "freebsd-eabihf", CPUS[:6]), "FreeBSD has no port to it"),
    TargetSystem("netbsd", "NetBSD", _triples("netbsd", "netbsd-eabihf", CPUS[:5]), "NetBSD has no port to it"),
    TargetSystem(
        "openbsd",
        "OpenBSD",
        _triples("openbsd", "openbsd-eabi", CPUS[:5]),
        "OpenBSD has no port to it (its powerpc64 is big-endian)",
    ),
    TargetSystem("macos", "macOS", _triples("macos", "", ("x86_64", "aarch64")), "macOS does not run on it"),
)


def all_targets() -> list[Target]:
    """Every system on every CPU that it is built for."""
    return [Target(system, cpu) for system in SYSTEMS for cpu in system.triples]


def target_of(triple: str) -> Target | None:
    """The target that zig calls so, whatever version of its libc is asked for (`x86_64-linux-gnu.2.28`); None for
    `native`, and for what nothing is known of.
    """
    name = re.sub(r"\.[0-9.]+$", "", triple)
    return next((target for target in all_targets() if target.name == name), None)


def cannot_start(triple: str, system: str) -> str | None:
    """Why programs for a target do not start on a system, as `uname -sr` names it, although it is the right one."""
    found = re.match(r"FreeBSD ([0-9]+)\.", system)
    if "freebsd" not in triple or not found or int(found[1]) >= FREEBSD:
        return None
    return (
        f"programs that are built for {triple} start on FreeBSD {FREEBSD}.0 or newer, whose libc has the "
        "__libc_start1 that they call"
    )


def choose_targets(wanted: Iterable[str]) -> list[Target]:
    """Targets by name, by system or by CPU; without any, all. Raises ConfigurationError."""
    names = list(dict.fromkeys(part for name in wanted for part in name.split(",") if part))
    chosen = [target for name in names for target in _named(name)] or all_targets()
    return list({target.name: target for target in chosen}.values())


def _named(name: str) -> list[Target]:
    found = [target for target in all_targets() if name in (target.name, target.system.name, target.cpu)]
    if not found:
        known = [target.name for target in all_targets()]
        words = [*known, *(system.name for system in SYSTEMS), *CPUS]
        raise ConfigurationError(
            f"no target is called {name!r}{nearest(name, words)}; known: {', '.join(known)}, and "
            f"all of a system ({', '.join(system.name for system in SYSTEMS)}) or of a CPU "
            f"({', '.join(CPUS)})"
        )
    return found
