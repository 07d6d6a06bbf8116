"""The healthy chat servers keep every contract under every difference alone, and under each system's together.

    python tools/under_differences.py                         all of them, on this machine
    python tools/under_differences.py --sample 2 --seed 7     two of them, chosen by the seed
    python tools/under_differences.py accept-nonblock freebsd only these: differences by name, systems by name

Prints a line for each server and each of them as they end. Exit status 0 when no contract is broken, 1 when one is, 3
when a cell did not run, or a difference was not on in a server. Contracts that were left out are counted, and are no
failure: a namespace has no address but loopback's for some to try.
"""

import argparse
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from anyunix.catalog.difference import SYSTEMS, Difference, in_likeness
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.probes import read_probes
from anyunix.catalog.switching import experimental
from anyunix.errors import ConfigurationError
from anyunix.results.model import CellResult, Probe
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.planned import collect
from anyunix.run.pool import LocalPool
from anyunix.text import nearest

KEPT, BROKEN, NOT_RUN = 0, 1, 3
OFF = "not tried: "
"""What suite/conftest.py says where a difference is not on in a server."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a difference, or a system (default: all)")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N of them")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which ones")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="cells side by side (default: 2)")
    wanted = parser.parse_args(arguments)
    catalog = find_catalog()
    try:
        groups = chosen(groups_of(catalog), wanted.names)
    except ConfigurationError as error:
        print(f"under_differences: {error}", file=sys.stderr)
        return error.exit_status
    if wanted.sample:
        names = random.Random(wanted.seed).sample(sorted(groups), min(wanted.sample, len(groups)))
        groups = {name: groups[name] for name in sorted(names)}
    return under(catalog, groups, wanted.jobs)


def groups_of(catalog: Catalog) -> dict[str, tuple[Difference, ...]]:
    """What is switched on together: each difference alone, all of a system."""
    alone = {each.name: (each,) for each in catalog.differences}
    return alone | {system: found for system in SYSTEMS if (found := in_likeness(catalog.differences, system))}


def chosen(groups: dict[str, tuple[Difference, ...]], names: Sequence[str]) -> dict[str, tuple[Difference, ...]]:
    """Those with these names; all without any. Raises ConfigurationError."""
    for name in names:
        if name not in groups:
            raise ConfigurationError(f"no difference and no system is called {name!r}{nearest(name, groups)}")
    return {name: groups[name] for name in names or groups}


def under(catalog: Catalog, groups: dict[str, tuple[Difference, ...]], jobs: int) -> int:
    """Run both servers under each of them, and say what came of it."""
    local = catalog.platform("local")
    platforms = {name: experimental(local, differences) for name, differences in groups.items()}
    subjects = [catalog.subject(name) for name in catalog.subject_names()]
    facts = {probe.id for probe in read_probes(catalog.suite) if probe.kind == "fact"}
    contracts = tuple(probe for probe in collect(catalog.suite) if probe.partition("[")[0] not in facts)
    cells = [
        Cell(subject, platform, next(iter(subject.binds)), probes=contracts)
        for platform in platforms.values()
        for subject in subjects
    ]
    options = SuiteOptions(catalog.suite)
    with options.cross_builds, LocalPool(jobs) as pool:
        watcher = Printed({platform.name: name for name, platform in platforms.items()})
        results = pool.run(cells, options, watcher=watcher)
    return max(map(status, results), default=KEPT)


@dataclass(frozen=True)
class Printed:
    """Prints what came of each cell as soon as it has ended: all of them take long."""

    names: Mapping[str, str]
    """What is switched on there, by the platform's name."""

    def begins(self, cells: Sequence[Cell]) -> None:
        """Not shown."""

    def says(self, cell: Cell, text: str) -> None:
        """Not shown."""

    def works(self, worker: str, text: str) -> None:
        """There is no cluster."""

    def done(self, cell: Cell, result: CellResult) -> None:
        """In one piece: others print as well."""
        print("\n".join(lines(self.names[cell.platform.name], result)), flush=True)


def broken(result: CellResult) -> list[Probe]:
    return [probe for probe in result.probes if probe.outcome in ("failed", "error")]


def off(result: CellResult) -> list[Probe]:
    """Contracts that were not tried because a difference was not on in the server."""
    return [probe for probe in result.probes if probe.outcome == "skipped" and probe.message.startswith(OFF)]


def status(result: CellResult) -> int:
    if result.status != "ran" or off(result):
        return NOT_RUN
    return BROKEN if broken(result) else KEPT


def lines(name: str, result: CellResult) -> Iterator[str]:
    """A line for the cell, and one for each contract that it broke."""
    if result.status != "ran":
        yield f"{name:32} {result.subject:8} {result.status}: {result.reason}"
        return
    outcomes = [probe.outcome for probe in result.probes]
    yield (
        f"{name:32} {result.subject:8} {outcomes.count('passed')} kept, {len(broken(result))} broken, "
        f"{outcomes.count('skipped')} left out ({result.seconds:.0f} s)"
    )
    for probe in broken(result):
        yield f"    {probe.id}: {next(iter(probe.message.splitlines()), '')}"
    for probe in off(result):
        yield f"    {probe.id}: {probe.message}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
