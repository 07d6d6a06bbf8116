"""The server of tests/any_server with the faults of its folder `faults`, held against contracts side by side."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from anyunix.catalog.builds import Build
from anyunix.catalog.edits import Edit, apply_edit
from anyunix.catalog.platforms import Platform
from anyunix.catalog.reader import read_file
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import Subject
from anyunix.cross.zig import copy_sources
from anyunix.drivers.base import Driver
from anyunix.mutation.batch import Batch
from anyunix.mutation.counter import CellCounter
from anyunix.results.model import Artifacts, CellResult
from anyunix.run.cell import Cell, SuiteOptions
from checkout import ROOT

FOLDER = ROOT / "tests" / "any_server"
HEALTHY = {"healthy": "server", "healthy-daemon": "daemon", "healthy-asking": "asking"}
"""Names that stand for a server without a fault -> its subject file."""


class AnyServerFault(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of tests/any_server/faults."""

    title: str
    caught_by: str | tuple[str, ...]
    """The contract that it is there for, or those that it is there for."""
    edits: tuple[Edit, ...]
    subject: str = "server"
    """The subject file beside the folder, without `.yaml`: how the server is started."""
    follows: tuple[str, ...] = ()
    """Other contracts that may fail for it."""

    @property
    def contracts(self) -> tuple[str, ...]:
        return (self.caught_by,) if isinstance(self.caught_by, str) else self.caught_by


class KeepsNothing:
    """A Keeper."""

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        pass


def read_any_server_faults() -> dict[str, AnyServerFault]:
    return {path.stem: read_file(path, AnyServerFault) for path in sorted((FOLDER / "faults").glob("*.yaml"))}


def healthy_server(name: str = "server") -> Subject:
    return read_subject(FOLDER / f"{name}.yaml")


def faulty_server(name: str, fault: AnyServerFault, folder: Path) -> Subject:
    """A copy in `folder`, which is made. Raises ConfigurationError when an edit's place is not there exactly once."""
    healthy = healthy_server(fault.subject)
    folder.mkdir(parents=True)
    copy_sources(healthy, folder)
    for edit in fault.edits:
        apply_edit(edit, folder, name, f"tests/any_server/faults/{name}.yaml")
    return replace(healthy, folder=folder)


def held_side_by_side(
    wanted: Mapping[str, Iterable[str]], platform: Platform, driver: Driver, suite: Path, folder: Path, turns: int = 8
) -> dict[str, CellResult]:
    """For each fault, or name of HEALTHY, the result of the server with it, held against these contracts."""
    faults, subjects = read_any_server_faults(), {name: healthy_server(file) for name, file in HEALTHY.items()}
    tried = {name: subjects.get(name) or faulty_server(name, faults[name], folder / name) for name in wanted}
    cells = [
        Cell(tried[name], platform, next(iter(tried[name].binds)), Build(name), probes=tuple(probes))
        for name, probes in wanted.items()
    ]
    by_name = {subject.name: subject for subject in subjects.values()}
    with CellCounter(Console(file=io.StringIO()), len(cells)) as counter:
        batch = Batch(platform, cells, by_name, driver, SuiteOptions(suite), turns, counter, KeepsNothing())
        return dict(zip(wanted, batch.run(), strict=True))
