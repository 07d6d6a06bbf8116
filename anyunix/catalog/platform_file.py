"""Platform files -> Platform: the keys of all, those of the driver that the file names, and what no type can say."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, Struct, UnsetType

from anyunix.catalog.difference import Difference, in_likeness
from anyunix.catalog.platforms import Limits, Platform
from anyunix.catalog.reader import file_name, key_error, load_yaml, read_file
from anyunix.catalog.switching import CannotSwitch, switched_on
from anyunix.catalog.typed import Misfit, typed
from anyunix.drivers.options import BadOption, DriverOptions, Folders
from anyunix.drivers.registry import DRIVERS
from anyunix.drivers.ssh.ssh_options import SshOptions
from anyunix.errors import ConfigurationError
from anyunix.results.json_values import unfit
from anyunix.text import Word, nearest

LOOKED_UP = ("name", "options", "switched_on", "native", "machine")
COMMON = [each for each in dataclasses.fields(Platform) if each.name not in LOOKED_UP]
"""The keys that every platform file may have."""
Extends = Annotated[Word, Meta(description="a platform beside this one, or of the project: its keys hold here as well")]
ALTERING = ("sysctls", "files")
"""Keys that change what a platform runs on. Asked of a driver that leaves its machine alone, the answer says so."""


class EmulatorFile(Struct, frozen=True, forbid_unknown_fields=True):
    """What imitates CPUs: the same on every platform that names it as its emulator."""

    emulator_limits: Limits


def _file_type(options: type[DriverOptions]) -> type[Struct]:
    """What a platform file with this driver may hold."""
    hints = get_type_hints(Platform, include_extras=True)
    keys = [(each.name, hints[each.name], _default(each)) for each in COMMON]
    keys += [(each.name, each.type, _default(each)) for each in msgspec.structs.fields(options)]
    return msgspec.defstruct(
        options.__name__.replace("Options", "Platform"),
        [*keys, ("extends", Extends, "")],
        tag_field=options.__struct_config__.tag_field,
        tag=options.__struct_config__.tag,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": options.__doc__},
    )


def _default(each: Any) -> Any:
    """That of a dataclass's or a Struct's field, for another Struct."""
    if each.default not in (dataclasses.MISSING, NODEFAULT):
        return msgspec.field(default=each.default)
    if each.default_factory not in (dataclasses.MISSING, NODEFAULT):
        return msgspec.field(default_factory=each.default_factory)
    return msgspec.field()


PLATFORM_FILE: Any = Union[tuple(map(_file_type, DRIVERS.values()))]  # noqa: UP007  # made from a dictionary
"""A platform file, a type per driver; where a file extends another one, what both say together."""


def _extending_type() -> type[Struct]:
    """What a file that extends another one may hold: any key, because its driver may stand in the other."""
    by_driver = [_file_type(options) for options in DRIVERS.values()]
    keys = {key: hint for made in by_driver for key, hint in get_type_hints(made, include_extras=True).items()}
    return msgspec.defstruct(
        "ExtendingPlatform",
        [
            ("extends", keys.pop("extends")),
            ("driver", Literal[tuple(DRIVERS)] | UnsetType, UNSET),
            *((key, hint | UnsetType, UNSET) for key, hint in keys.items()),
        ],
        forbid_unknown_fields=True,
        namespace={"__doc__": "What differs from the platform that it extends."},
    )


EXTENDING_PLATFORM_FILE = _extending_type()
"""A platform file that extends another one, by itself: for editors, which see no other file."""


def platform_at(address: str, slowness: int) -> Platform:
    """A machine that no file describes: its host is its name."""
    options = SshOptions(address)
    try:
        target = options.target
    except ValueError as error:
        raise ConfigurationError(f"{address}: {error}") from None
    return Platform(target.name, f"{target} over SSH", options, slowness=slowness)


def read_platform(
    path: Path, root: Path, probes: Callable[[], Sequence[str]], differences: Callable[[], Sequence[Difference]]
) -> Platform:
    """A platform from its file and those that it extends; `root` is the catalog's, `probes` gives the suite's IDs,
    `differences` those that there are.

    Raises ConfigurationError that names file, key and reason.
    """
    name, data = file_name(path), _extended(path, (), root / "platforms")
    file = _typed(path, data)
    kind = DRIVERS[data["driver"]]
    platform = Platform(
        name=name,
        options=kind(**{key: getattr(file, key) for key in kind.__struct_fields__}),
        **{each.name: getattr(file, each.name) for each in COMMON},
    )
    _check_documented(platform, path)
    limits = _limits_of_emulator(platform, path, root, probes)
    try:
        options = platform.options.checked(Folders(path.parent, root))
    except BadOption as bad:
        raise key_error(path, bad.key, f"{bad.reason}{nearest(bad.word, bad.known)}") from None
    platform = dataclasses.replace(platform, options=options, emulator_limits={**limits, **platform.emulator_limits})
    return _with_differences(platform, path, differences()) if platform.like or platform.differences else platform


def _with_differences(platform: Platform, path: Path, found: Sequence[Difference]) -> Platform:
    """With what the file switches on. Raises ConfigurationError."""
    known = {each.name: each for each in found}
    for name in platform.differences:
        if name not in known:
            raise key_error(
                path,
                "differences",
                f"no difference is called {name!r}{nearest(name, known)}; `anyunix differences` shows them all",
            )
    alike = in_likeness(tuple(found), platform.like) if platform.like else ()
    wanted = {*platform.differences, *(each.name for each in alike)}
    try:
        return switched_on(platform, [known[name] for name in sorted(wanted)])
    except CannotSwitch as error:
        raise key_error(path, "like" if platform.like else "differences", str(error)) from None


def _typed(path: Path, data: Mapping[str, Any]) -> Any:
    """The file's keys as one of PLATFORM_FILE."""
    try:
        return typed(data, PLATFORM_FILE)
    except Misfit as misfit:
        key, reason, driver = ".".join(misfit.keys), misfit.reason, data.get("driver")
    if isinstance(driver, str) and driver in DRIVERS:
        keys = {each.name: each for each in msgspec.structs.fields(DRIVERS[driver])}
        if key in keys and keys[key].required and data.get(key) is None:
            reason = f"missing: driver {driver} needs it"
        if key in ALTERING and key not in keys:
            key, reason = (
                "driver",
                (f"{driver} changes nothing on its machine: sysctls and files need another driver, such as netns"),
            )
    raise key_error(path, key, reason)


def _check_documented(platform: Platform, path: Path) -> None:
    """Raises ConfigurationError."""
    for name, fact in platform.documented.items():
        if reason := unfit(fact.value):
            raise key_error(
                path,
                f"documented.{name}.value",
                f"expected what JSON can say, found {reason}; quotes make a text of it",
            )
    if not platform.options.runs and not platform.documented:
        raise key_error(path, "documented", f"missing: driver {platform.driver} has nothing else")


def _limits_of_emulator(
    platform: Platform, path: Path, root: Path, probes: Callable[[], Sequence[str]]
) -> Mapping[str, str]:
    """What holds for every platform with its emulator. Raises ConfigurationError."""
    files = {file.stem: file for file in sorted((root / "platforms" / "emulators").glob("*.yaml"))}
    if platform.emulator and platform.emulator not in files:
        unknown = f"unknown {platform.emulator!r}{nearest(platform.emulator, files)}; known: {', '.join(files)}"
        raise key_error(path, "emulator", unknown)
    if platform.emulator_limits and not platform.emulator:
        raise key_error(path, "emulator_limits", "there is no key 'emulator' that could be to blame")
    _check_limits(platform.emulator_limits, path, probes)
    if not platform.emulator:
        return {}
    limits = read_file(files[platform.emulator], EmulatorFile).emulator_limits
    _check_limits(limits, files[platform.emulator], probes)
    return limits


def _check_limits(limits: Mapping[str, str], path: Path, probes: Callable[[], Sequence[str]]) -> None:
    """What an emulator is blamed for has to be in the suite. Raises ConfigurationError."""
    for probe in limits:
        if probe.partition("[")[0] not in probes():
            raise key_error(
                path,
                f"emulator_limits.{probe}",
                f"no such probe{nearest(probe, probes())}; `anyunix list probes` shows them all",
            )


def _extended(path: Path, seen: tuple[Path, ...], platforms: Path) -> dict[str, Any]:
    """The file's keys laid over those of the platform it extends; mappings are merged, all else replaced.

    That platform is one beside it, else one of the project's. With another driver, the options of its driver stay
    behind, but for what this one would have to change, too.
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
    merged.pop("last_run", None)  # that one's
    if "driver" in data:
        left = _options_of(merged.get("driver")) - _options_of(data["driver"]) - {*ALTERING}
        merged = {key: value for key, value in merged.items() if key not in left}
    for key, value in data.items():
        inherited = merged.get(key)
        merged[key] = {**inherited, **value} if isinstance(inherited, dict) and isinstance(value, dict) else value
    return merged


def _options_of(driver: object) -> set[str]:
    return set(DRIVERS[driver].__struct_fields__) if isinstance(driver, str) and driver in DRIVERS else set()
