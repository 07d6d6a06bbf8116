"""differences/*.yaml -> Difference. Every error names file, key and reason."""

from collections.abc import Collection
from pathlib import Path

import msgspec

from anyunix.catalog.difference import Difference, DifferenceKeys, Mechanism
from anyunix.catalog.probes import measured_by, who_measures
from anyunix.catalog.reader import file_name, key_error, read_file
from anyunix.host.regular import inside
from anyunix.results.json_values import unfit
from anyunix.text import nearest

PRELOAD = "preload"
VALUED = ("facts", "besides")
"""Keys that have facts and their values."""


def read_differences(folder: Path, suite: Path) -> tuple[Difference, ...]:
    """All differences of a folder, by name; the facts that they name are the suite's. Raises ConfigurationError."""
    files = {path: read_file(path, DifferenceKeys) for path in sorted(folder.glob("*.yaml"))}
    measured = who_measures(suite, {fact for keys in files.values() for fact in _keyed(keys)})  # reads all of its facts
    return tuple(_difference(path, keys, measured, suite) for path, keys in files.items())


def read_difference(path: Path, suite: Path) -> Difference:
    """One difference from its file. Raises ConfigurationError."""
    keys = read_file(path, DifferenceKeys)
    return _difference(path, keys, who_measures(suite, _keyed(keys)), suite)


def _keyed(keys: DifferenceKeys) -> dict[str, str]:
    """The facts that it names -> the key under which it does."""
    valued = {fact: f"{key}.{fact}" for key in VALUED for fact in getattr(keys, key)}
    return {**valued, **dict.fromkeys(keys.unmeasured, "unmeasured")}


def _difference(path: Path, keys: DifferenceKeys, measured: Collection[str], suite: Path) -> Difference:
    """Raises ConfigurationError."""
    name, sources = file_name(path), path.parent / PRELOAD
    for fact, key in _keyed(keys).items():
        if fact not in measured:
            raise key_error(path, key, f"no probe measures {fact!r}{nearest(fact, measured_by(suite))}")
    valued = {f"{key}.{fact}": value for key in VALUED for fact, value in getattr(keys, key).items()}
    for key, value in valued.items():
        if reason := unfit(value):
            raise key_error(path, key, f"expected what JSON can say, found {reason}")
    if not keys.facts:
        raise key_error(path, "facts", "missing: what no fact shows could be on or off, and nobody would know")
    own = Mechanism(**{key: getattr(keys, key) for key in Mechanism.__struct_fields__})
    _check(path, own, sources, "")
    if keys.musl is not None:
        _check(path, keys.musl, sources, "musl.")
    texts = {key: getattr(keys, key) for key in ("title", "systems", "rule", "facts", "besides", "breaks")}
    return Difference(
        name,
        mechanism=own,
        musl=keys.musl or own,
        sources=sources,
        unmeasured=tuple(keys.unmeasured),
        when_compiled=keys.when_compiled,
        **texts,
    )


def _check(path: Path, mechanism: Mechanism, sources: Path, where: str) -> None:
    """Raises ConfigurationError."""
    if not any(msgspec.structs.astuple(mechanism)):
        known = ", ".join(Mechanism.__struct_fields__)
        raise key_error(path, where.rstrip("."), f"nothing says how it is switched on: expected one of {known}")
    if mechanism.preload and not ((found := inside(sources, mechanism.preload)) and Path(found).is_file()):
        there = [file.name for file in sources.glob("*.c")]
        reason = f"no {mechanism.preload!r} in {sources}{nearest(mechanism.preload, there)}"
        raise key_error(path, f"{where}preload", reason)
    for name in mechanism.sysctls:
        if not name.startswith("net."):
            raise key_error(path, f"{where}sysctls.{name}", "expected net.…: no other is private to a namespace")
    for file in mechanism.files:
        if not file.startswith("/") or ".." in file.split("/"):
            raise key_error(path, f"{where}files.{file}", "expected an absolute path, without .. in it")
