"""All facts of platforms, with differences and without, as cells measure them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import read_probes
from anyunix.catalog.starting import Ready
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import experimental
from anyunix.drivers.registry import Drivers, altering
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.kept import KeptPlatforms
from anyunix.run.matrix import NOBODY, run_cells

Facts = Mapping[str, Any]
NOT_MEASURED = "not measured"
SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Compared:
    """What a platform measures without differences, twice, and with one or the other."""

    plain: CellResult
    again: CellResult
    under: Mapping[str, CellResult]
    """By the difference's name."""

    @property
    def varying(self) -> set[str]:
        """Facts that two plain runs do not agree on: nothing can be said about those."""
        return {name for name, _ in changes(self.plain.facts, self.again.facts)}

    def changed(self, difference: str) -> dict[str, Any]:
        """The facts that are others with it, and what they are then."""
        found = dict(changes(self.plain.facts, self.under[difference].facts))
        return {name: value for name, value in found.items() if name not in self.varying}


def changes(before: Facts, after: Facts) -> Iterator[tuple[str, Any]]:
    """Each fact that is another one afterwards, with its value then."""
    for name in sorted({*before, *after}):
        value = after.get(name, NOT_MEASURED)
        if before.get(name, NOT_MEASURED) != value:
            yield name, value


def compare(catalog: Catalog, platform: Platform, differences: Sequence[str], folder: Path) -> Compared:
    """Measure a platform without and with each of these differences alone."""
    known = {each.name: each for each in catalog.differences}
    wanted = [known[name] for name in differences]
    if any(each.alters for each in wanted):  # then what it is compared with has namespaces of its own as well
        options = altering(platform.options)
        assert options is not None, f"nothing can be altered on {platform.name}"
        platform = replace(platform, name=f"{platform.name}-plain", options=options)
    platforms = [platform, replace(platform, name=f"{platform.name}-again")]
    platforms += [experimental(platform, (each,)) for each in wanted]
    plain, again, *under = measure(catalog, platforms, folder)
    return Compared(plain, again, dict(zip(differences, under, strict=True)))


def measure(catalog: Catalog, platforms: Sequence[Platform], folder: Path) -> list[CellResult]:
    """All facts of each platform, some side by side."""
    probes = tuple(probe.id for probe in read_probes(catalog.suite) if probe.kind == "fact")
    cells = [Cell(no_server(folder), platform, "default", probes=probes) for platform in platforms]
    with SuiteOptions(catalog.suite).cross_builds as builds, KeptPlatforms(Drivers().for_platform) as kept:
        options = SuiteOptions(catalog.suite, cross_builds=builds)
        results = run_cells(cells, kept.for_platform, options, jobs=SIDE_BY_SIDE, watcher=NOBODY, keeper=NOBODY)
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
