"""Every difference has a server that it breaks: in tests/differences/, as its README says, or a fault of chat/faults/.

By day a sample, ANYUNIX_FULL=1 takes all of them.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import experimental
from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions
from anyunix.results.model import STARTS, CellResult
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.pool import LocalPool
from checkout import ROOT
from chosen import chosen

TABLE = ROOT / "tests" / "differences"
NAMES = [path.stem for path in sorted((ROOT / "differences").glob("*.yaml"))]
ANY_CONTRACT = "test_a_client_on_ipv4_loopback_is_served"
"""For a server that has to start."""
BROKEN = {"failed", "error"}


@dataclass(frozen=True)
class Entry:
    """A folder of the table."""

    difference: str
    subject: Subject
    contracts: tuple[str, ...]
    together: tuple[str, ...]
    """All differences that have to be on."""


def words(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text().split()) if path.exists() else ()


def read_entry(name: str) -> Entry:
    folder = TABLE / name
    return Entry(
        name,
        read_subject(folder / "subject.yaml"),
        words(folder / "contract"),
        tuple(sorted({name, *words(folder / "with")})),
    )


def test_every_difference_has_an_entry_and_every_entry_a_difference() -> None:
    entries = {path.name for path in TABLE.iterdir() if path.is_dir()}
    assert sorted(entries) == NAMES
    for name in NAMES:
        assert words(TABLE / name / "contract"), name
        assert set(words(TABLE / name / "with")) <= set(NAMES)
        for fault in words(TABLE / name / "fault"):
            assert (ROOT / "chat" / "faults" / f"{fault}.yaml").is_file()
        assert (TABLE / name / "fault").exists() != (TABLE / name / "subject.yaml").exists(), name


@pytest.mark.parametrize("name", chosen([name for name in NAMES if (TABLE / name / "subject.yaml").exists()], 3))
def test_its_server_keeps_the_contracts_without_it_and_breaks_them_with_it(catalog: Catalog, name: str) -> None:
    entry = read_entry(name)
    if reason := lacking(entry, catalog):
        pytest.skip(reason)
    known = {each.name: each for each in catalog.differences}
    local = catalog.platform("local")
    places = [local, experimental(local, [known[each] for each in entry.together])]
    if len(entry.together) > 1:  # and no other alone is to blame
        places += [experimental(local, [known[each]]) for each in entry.together]
    plain, under, *alone = run(catalog, entry, places)
    for kept in (plain, *alone):
        assert outcomes(kept, entry) == dict.fromkeys(entry.contracts, "passed"), kept.platform
    assert {outcome for outcome in outcomes(under, entry).values()} <= BROKEN, outcomes(under, entry)


def lacking(entry: Entry, catalog: Catalog) -> str | None:
    """Why it cannot be tried here."""
    if missing := [tool for tool in entry.subject.needs if not shutil.which(tool)]:
        return f"no {' and no '.join(missing)} here"
    altered = any(each.alters for each in catalog.differences if each.name in entry.together)
    return NetnsDriver(NetnsOptions()).available() if altered else None


def run(catalog: Catalog, entry: Entry, places: Sequence[Platform]) -> list[CellResult]:
    """Its contracts on each platform, side by side."""
    starts = STARTS in entry.contracts
    probes = () if starts else entry.contracts
    cells = [Cell(entry.subject, place, next(iter(entry.subject.binds)), probes=probes) for place in places]
    options = SuiteOptions(catalog.suite, expression=ANY_CONTRACT if starts else "")
    with options.cross_builds, LocalPool(2) as pool:
        return pool.run(cells, options)


def outcomes(result: CellResult, entry: Entry) -> dict[str, str]:
    """Of its contracts; a server that starts has kept that one, with which nothing comes back."""
    assert result.status == "ran", f"{result.platform}: {result.reason}"
    found = {probe.id: probe.outcome for probe in result.probes if probe.kind == "contract"}
    if STARTS in entry.contracts:
        found.setdefault(STARTS, "passed")
    return {contract: found[contract] for contract in entry.contracts}
