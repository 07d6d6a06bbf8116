"""Platform files -> frozen dataclasses. Every error names file, key and reason."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyunix.catalog.reader import Reader, load_yaml
from anyunix.catalog.typed import SHOWN
from anyunix.drivers.ssh.destination import Destination, parse_destination
from anyunix.drivers.vagrant.box import PROVIDERS, Box
from anyunix.errors import ConfigurationError
from anyunix.host.regular import inside, read_text
from anyunix.results.model import Documented
from anyunix.text import nearest

DRIVERS = ("local", "netns", "docker", "ssh", "vagrant", "documented")
EMULATORS = ("qemu-user",)


@dataclass(frozen=True)
class Platform:
    """An environment that code runs in, and how it is reached."""

    name: str
    title: str
    driver: str
    emulates: str = ""
    """What of another system is imitated here; empty for a platform that is itself."""
    emulator: str = ""
    """What imitates the CPU, `qemu-user`; empty where the CPU is real."""
    emulator_limits: Mapping[str, str] = field(default_factory=dict)
    """Contracts whose outcome is the emulator's, not the subject's: probe ID -> reason."""
    default: bool = True
    """Whether a run that names no platform has this one in it."""
    slowness: int = 1
    """What a run's time limit is multiplied by here."""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Absolute path -> content, put over what the platform has."""
    cross: str = ""
    """zig target for building a C subject where the platform has no compiler; `native` for this machine."""
    dockerfile: Path | None = None
    base: str = ""
    cpu: str = ""
    user: str = "1000:1000"
    init: bool = True
    """Whether PID 1 is an init that reaps; without it PID 1 is the command itself."""
    capabilities: tuple[str, ...] = ()
    memory: str = "2g"
    """Bytes, with docker's suffixes."""
    processes: int = 4096
    target: Destination | None = None
    """Where driver ssh goes."""
    box: Box | None = None
    """What driver vagrant makes a machine from."""
    documented: Mapping[str, Documented] = field(default_factory=dict)
    """Facts that a manual states; shown where the platform did not run, checked where it did."""


def _extended(path: Path, seen: tuple[Path, ...], platforms: Path) -> dict[str, Any]:
    """The file's keys laid over those of the platform it extends; mappings are merged, all else replaced.

    That platform is one beside it, else one of the project's.
    """
    if path in seen:
        raise ConfigurationError(f"{path}: key 'extends': goes in a circle: {' -> '.join(p.stem for p in seen)}")
    data = load_yaml(path)
    parent = data.pop("extends", None)
    if parent is None:
        return data
    known = {p.stem: p for folder in (platforms, path.parent) for p in folder.glob("*.yaml")}
    if not isinstance(parent, str) or parent not in known:
        raise ConfigurationError(
            f"{path}: key 'extends': no platform {parent!r:.60} beside it or in {platforms}"
            f"{nearest(str(parent), known)}"
        )
    merged = _extended(known[parent], (*seen, path), platforms)
    for key, value in data.items():
        inherited = merged.get(key)
        merged[key] = {**inherited, **value} if isinstance(inherited, dict) and isinstance(value, dict) else value
    return merged


def platform_at(address: str, slowness: int) -> Platform:
    """A machine that no file describes: its host is its name."""
    try:
        target = parse_destination(address)
    except ValueError as error:
        raise ConfigurationError(f"{address}: {error}") from None
    return Platform(target.name, f"{target} over SSH", "ssh", slowness=slowness, target=target)


def read_platform(path: Path, root: Path, probes: Callable[[], Sequence[str]]) -> Platform:
    """A platform from its file and those that it extends; `root` is the catalog's, `probes` gives the suite's IDs.

    Raises ConfigurationError that names file, key and reason.
    """
    reader = Reader(path, _extended(path, (), root / "platforms"))
    driver = reader.choice("driver", DRIVERS)
    dockerfile = reader.text("dockerfile", "")
    platform = Platform(
        name=reader.name(path.stem),
        title=reader.text("title"),
        driver=driver,
        emulates=reader.text("emulates", ""),
        emulator=reader.choice("emulator", ("", *EMULATORS), ""),
        emulator_limits=reader.mapping("emulator_limits"),
        default=reader.flag("default", True),
        slowness=reader.number("slowness", Platform.slowness),
        sysctls=reader.mapping("sysctls"),
        files=reader.mapping("files"),
        cross=reader.text("cross", ""),
        dockerfile=_beside(path, dockerfile, root / "Dockerfiles") if dockerfile else None,
        base=reader.text("base", ""),
        cpu=reader.text("cpu", ""),
        user=reader.text("user", Platform.user),
        init=reader.flag("init", True),
        capabilities=reader.words("capabilities"),
        memory=reader.text("memory", Platform.memory),
        processes=reader.number("processes", Platform.processes),
        target=_target(path, reader),
        box=_box(reader, driver),
        documented=reader.documented("documented"),
    )
    reader.reject_unknown()
    _check_emulator(platform, reader, probes)
    for key in ("dockerfile", "base") if driver == "docker" else ():
        if not getattr(platform, key):
            raise reader.error(key, "missing: driver docker needs it")
    for name in platform.files:
        if not name.startswith("/") or ".." in name.split("/"):
            raise reader.error(f"files.{name}", "expected an absolute path, without .. in it")
    if driver == "documented" and not platform.documented:
        raise reader.error("documented", "missing: driver documented has nothing else")
    if driver in ("local", "ssh", "vagrant") and (platform.sysctls or platform.files):
        raise reader.error(
            "driver", f"{driver} changes nothing on its machine: sysctls and files need another driver, such as netns"
        )
    if (driver == "ssh") != bool(platform.target):
        raise reader.error("address", "missing: driver ssh needs it" if driver == "ssh" else "for driver ssh only")
    return platform


def _box(reader: Reader, driver: str) -> Box | None:
    """The keys that the Vagrantfile reads as well, checked; those for Vagrant alone are taken as they are."""
    name = reader.text("box", "")
    providers = reader.words("providers") or PROVIDERS
    box = Box(name, reader.text("box_version", ""), reader.text("box_url", ""), reader.text("box_hint", ""), providers)
    reader.mapping("libvirt")
    reader.text("provision", "")
    reader.number("cpus", 1)
    for provider in providers:
        if provider not in PROVIDERS:
            raise reader.error(
                "providers", f"unknown {provider!r}{nearest(provider, PROVIDERS)}; known: {', '.join(PROVIDERS)}"
            )
    if (driver == "vagrant") != bool(name):
        raise reader.error("box", "missing: driver vagrant needs it" if not name else "for driver vagrant only")
    return box if name else None


def _target(path: Path, reader: Reader) -> Destination | None:
    """Where `address` goes: ssh://user@host:port, or a host of the SSH configuration."""
    address, config = reader.text("address", ""), reader.text("ssh_config", "")
    file = inside(path.parent, config) if config else None
    if config and not file:
        raise reader.error("ssh_config", f"{config[:SHOWN]!r} lies outside of {path.parent}")
    if file and not os.path.isfile(file):
        raise reader.error("ssh_config", f"no file {config[:SHOWN]!r} in {path.parent}")
    try:
        return parse_destination(address, file) if address else None
    except ValueError as error:
        raise reader.error("address", str(error)) from None


def _check_emulator(platform: Platform, reader: Reader, probes: Callable[[], Sequence[str]]) -> None:
    """What the emulator is blamed for has to be in the suite. Raises ConfigurationError."""
    if not platform.emulator_limits:
        return
    if not platform.emulator:
        raise reader.error("emulator_limits", "there is no key 'emulator' that could be to blame")
    for probe in platform.emulator_limits:
        if probe.partition("[")[0] not in probes():
            raise reader.error(
                f"emulator_limits.{probe}",
                f"no such probe{nearest(probe, probes())}; `anyunix list probes` shows them all",
            )


def _beside(path: Path, name: str, dockerfiles: Path) -> Path:
    """A Dockerfile next to the platform file that names it, else one of the project's; in these folders only."""
    folders = (path.parent, dockerfiles)
    for folder in folders:
        if (found := inside(folder, name)) and os.path.isfile(found):
            read_text(found)  # what cannot be read is told now
            return found
    if not any(inside(folder, name) for folder in folders):
        raise ConfigurationError(f"{path}: key 'dockerfile': {name[:SHOWN]!r} lies outside of {path.parent}")
    known = [p.name for p in dockerfiles.glob("*.Dockerfile")]
    raise ConfigurationError(f"{path}: key 'dockerfile': no {name[:SHOWN]!r} in {dockerfiles}{nearest(name, known)}")
