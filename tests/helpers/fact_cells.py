"""All facts of platforms, with differences and without, as cells measure them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from anyunix.catalog.difference import Difference
from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import read_probes
from anyunix.catalog.starting import Ready
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import experimental
from anyunix.drivers.registry import altering
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.pool import LocalPool

Facts = Mapping[str, Any]
NOT_MEASURED = "not measured"
SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Ground:
    """What a platform without differences has to be like to be compared with it under some."""

    namespaces: bool
    """Of its own: those of differences that alter it."""
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Plain:
    """What a platform measures without differences, twice."""

    platform: Platform
    once: CellResult
    again: CellResult

    @property
    def varying(self) -> set[str]:
        """Facts that the two do not agree on: nothing can be said about those."""
        return {name for name, _ in changes(self.once.facts, self.again.facts)}

    def changed(self, under: CellResult) -> dict[str, Any]:
        """The facts that are others there, and what they are."""
        return {name: value for name, value in changes(self.once.facts, under.facts) if name not in self.varying}


def changes(before: Facts, after: Facts) -> Iterator[tuple[str, Any]]:
    """Each fact that is another one afterwards, with its value then."""
    for name in sorted({*before, *after}):
        value = after.get(name, NOT_MEASURED)
        if before.get(name, NOT_MEASURED) != value:
            yield name, value


def without(platform: Platform, ground: Ground, folder: Path) -> Plain:
    """Measure it as it is, or as it is on that ground."""
    if ground.namespaces:
        options = altering(platform.options)
        assert options is not None, f"nothing can be altered on {platform.name}"
        options = msgspec.structs.replace(options, files={**options.files, **dict(ground.files)})
        platform = replace(platform, name=f"{platform.name}-plain", options=options)
    once, again = measure([platform, replace(platform, name=f"{platform.name}-again")], folder)
    return Plain(platform, once, again)


def under(platform: Platform, differences: Sequence[Difference], folder: Path) -> dict[str, CellResult]:
    """Measure a platform with each of these differences alone, by their names."""
    results = measure([experimental(platform, (each,)) for each in differences], folder)
    return dict(zip([each.name for each in differences], results, strict=True))


def measure(platforms: Sequence[Platform], folder: Path) -> list[CellResult]:
    """All facts of each platform, some side by side."""
    catalog = find_catalog()
    probes = tuple(probe.id for probe in read_probes(catalog.suite) if probe.kind == "fact")
    cells = [Cell(no_server(folder), platform, "default", probes=probes) for platform in platforms]
    with SuiteOptions(catalog.suite).cross_builds as builds, LocalPool(SIDE_BY_SIDE) as pool:
        options = SuiteOptions(catalog.suite, cross_builds=builds)
        results = pool.run(cells, options)
    for result in results:
        assert result.status == "ran", f"{result.platform}: {result.reason}"
    return results


def no_server(folder: Path) -> Subject:
    """A subject that no fact starts."""
    (folder / "server.py").touch()
    return Subject(
        name="nothing",
        title="nothing",
        folder=folder,
        files=("server.py",),
        start=("{python}", "server.py", "{port}"),
        binds={"default": ()},
        ready=Ready("line", r"^READY (?P<addresses>\S+)$"),
    )
