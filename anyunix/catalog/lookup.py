"""The platforms and subjects there are, looked up by name or by file."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from anyunix.catalog.difference import SYSTEMS, Difference, System
from anyunix.catalog.difference_file import read_differences
from anyunix.catalog.known_systems import KnownSystem, read_known_system
from anyunix.catalog.platform_file import platform_at, read_platform
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import read_probes
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import LIKE, CannotSwitch, alike
from anyunix.drivers.ssh.destination import SCHEME
from anyunix.errors import ConfigurationError
from anyunix.host.installed import data_folder
from anyunix.text import nearest


@dataclass(frozen=True)
class Catalog:
    """The files that a run is described by: `platforms/`, `chat/`, `suite/`, `Dockerfiles/` below one root."""

    root: Path
    slowness: int = 1
    """Of machines that no file describes."""
    own_suite: Path | None = None
    """The suite with a user's own probes beside its own; None for the suite alone."""

    @property
    def suite(self) -> Path:
        return self.own_suite or self.root / "suite"

    @cached_property
    def probes(self) -> tuple[str, ...]:
        """The IDs of the suite's probes; all of its files are read for them, so once."""
        return tuple(probe.id for probe in read_probes(self.suite))

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Those that there are, by name. Raises ConfigurationError."""
        return read_differences(self.root / "differences", self.suite)

    def platform_names(self) -> list[str]:
        return sorted(path.stem for path in (self.root / "platforms").glob("*.yaml"))

    def usual_order(self) -> list[str]:
        """All platforms, this machine first: it needs nothing, so its results come soonest."""
        return sorted(self.platform_names(), key=lambda name: (not name.startswith("local"), name))

    def subject_names(self) -> list[str]:
        return sorted(path.stem for path in (self.root / "chat").glob("*.yaml"))

    def platform(self, wanted: str) -> Platform:
        """A platform by its name, from a YAML file of one's own, or at an address; with `+like-freebsd` behind that,
        its likeness of a system. Raises ConfigurationError.
        """
        base, like, system = wanted.rpartition(LIKE)
        if like and not Path(wanted).is_file():
            return self.likeness(self.platform(base), known_system(system, wanted))
        if wanted.startswith(SCHEME):
            return platform_at(wanted, self.slowness)
        path = self._find(wanted, "platform", self.root / "platforms", self.platform_names())
        return read_platform(path, self.root, lambda: self.probes, lambda: self.differences)

    def likeness(self, platform: Platform, system: System) -> Platform:
        """The platform with all that is known of a system switched on. Raises ConfigurationError."""
        try:
            return alike(platform, system, self.differences)
        except CannotSwitch as reason:
            raise ConfigurationError(f"{platform.name}{LIKE}{system}: {reason}") from None

    def known_system(self, system: str) -> KnownSystem:
        """What is known of a system, to judge its likenesses by. Raises ConfigurationError."""
        name = known_system(system, "like")
        return read_known_system(self.root, name, self.platform(name).documented)

    def likeness_names(self) -> list[str]:
        """What the likenesses of the platforms are called."""
        return [f"{name}{LIKE}{system}" for name in self.platform_names() for system in SYSTEMS]

    def subject(self, wanted: str) -> Subject:
        """A subject by its name, or from a YAML file of one's own. Raises ConfigurationError."""
        path = self._find(wanted, "subject", self.root / "chat", self.subject_names())
        return read_subject(path)

    def _find(self, wanted: str, what: str, folder: Path, known: list[str]) -> Path:
        if wanted in known:
            return folder / f"{wanted}.yaml"
        if wanted.endswith((".yaml", ".yml")) or "/" in wanted:
            if not Path(wanted).is_file():
                raise ConfigurationError(f"{wanted}: no such {what} file")
            return Path(wanted).resolve()
        raise ConfigurationError(
            f"no {what} is called {wanted!r}{nearest(wanted, known)}; `anyunix list {what}s` shows them all, "
            f"and a file is named by its path (./{wanted}.yaml)"
        )


def known_system(word: str, where: str) -> System:
    """A system whose differences are known. Raises ConfigurationError."""
    for system in SYSTEMS:
        if word == system:
            return system
    raise ConfigurationError(
        f"{where}: no system is called {word!r}{nearest(word, SYSTEMS)}; expected one of {', '.join(SYSTEMS)}"
    )


def find_catalog() -> Catalog:
    """The files that were installed with the package, or the checkout that it runs from."""
    return Catalog(data_folder())
