"""Each contract about any server that has a fault in tests/any_server/faults is broken by it, and kept without it.

That a fault breaks no other contract is tried with a sample by day, and with all of them with ANYUNIX_FULL=1.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from any_server_faults import HEALTHY, held_side_by_side, read_any_server_faults
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.local import LocalDriver, LocalOptions
from anyunix.results.model import CellResult
from chosen import chosen
from impatience import impatient

pytestmark = pytest.mark.timeout(6 * 3600 if os.environ.get("ANYUNIX_FULL") else 1800)
"""Each fault has servers that do not answer, and each probe waits for them, longer on a busy machine."""
FAULTS, SAMPLE = read_any_server_faults(), 2
KEEPS_ALL = {name: subject for name, subject in HEALTHY.items() if subject != "asking"}
CANNOT_FAIL = "no call of a server can fail here"
"""In a reason of support/mishap.py: nothing can be preloaded."""


def contracts_of(catalog: Catalog) -> Sequence[str]:
    """All about any server, in their order."""
    return [probe for probe in catalog.probes if "/test_any_server_" in probe]


@pytest.fixture(scope="module")
def results(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, CellResult]:
    """For each fault the result of the contracts that it is there for; side by side, because they wait for long. What
    is not seen in that crowd, where a server that spins may not get a CPU to do so, is tried again alone.
    """
    folder = tmp_path_factory.mktemp("faults")
    wanted = {name: fault.contracts for name, fault in FAULTS.items()}
    here, suite = Platform("local", "this machine", LocalOptions()), impatient(catalog, folder / "suite")
    found = held_side_by_side(wanted, here, LocalDriver(), suite, folder)
    unseen = {name: wanted[name] for name, result in found.items() if "passed" in {p.outcome for p in result.probes}}
    if not unseen:
        return found
    return found | held_side_by_side(unseen, here, LocalDriver(), suite, folder / "alone", turns=1)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_breaks_its_contract(fault: str, results: dict[str, CellResult]) -> None:
    result = results[fault]
    assert result.status == "ran", result.reason
    outcomes = {probe.id: probe.outcome for probe in result.probes}
    if set(outcomes.values()) == {"skipped"}:
        pytest.skip(f"cannot be tried here: {result.probes[0].message}")
    kept = {probe for probe, outcome in outcomes.items() if outcome == "passed"}
    assert kept == set(), f"{fault} is not seen by {', '.join(sorted(kept))}"


def test_a_fault_breaks_no_other_contract(catalog: Catalog, tmp_path: Path) -> None:
    """But those that its file names as what follows. A server that is there for some contracts keeps no others."""
    here = Platform("local", "this machine", LocalOptions())
    whole = [name for name, fault in FAULTS.items() if fault.subject in KEEPS_ALL.values()]
    wanted = dict.fromkeys(chosen(whole, SAMPLE), contracts_of(catalog))
    for name, result in held_side_by_side(wanted, here, LocalDriver(), catalog.suite, tmp_path).items():
        assert result.status == "ran", result.reason
        others = {probe.id for probe in result.failures} - {*FAULTS[name].contracts, *FAULTS[name].follows}
        assert others == set(), f"{name} breaks more than its own contract"


@pytest.mark.parametrize("name", KEEPS_ALL)
def test_the_healthy_server_keeps_them_all(catalog: Catalog, tmp_path: Path, name: str) -> None:
    here = Platform("local", "this machine", LocalOptions())
    wanted = {name: contracts_of(catalog)}
    result = held_side_by_side(wanted, here, LocalDriver(), catalog.suite, tmp_path)[name]
    assert result.status == "ran", result.reason
    assert not result.failures, [(probe.id, probe.message) for probe in result.failures]


def test_what_no_other_server_does_is_kept_by_the_one_that_does_it(catalog: Catalog, tmp_path: Path) -> None:
    """A contract about calls that a server need not make is skipped where it makes none; this one makes them."""
    here, name = Platform("local", "this machine", LocalOptions()), "healthy-asking"
    wanted = {name: [each for fault in FAULTS.values() if fault.subject == HEALTHY[name] for each in fault.contracts]}
    result = held_side_by_side(wanted, here, LocalDriver(), catalog.suite, tmp_path)[name]
    assert result.status == "ran", result.reason
    skipped = [probe.message for probe in result.probes if probe.outcome == "skipped"]
    if any(CANNOT_FAIL in message for message in skipped):
        pytest.skip(skipped[0])
    assert {probe.id: probe.outcome for probe in result.probes} == dict.fromkeys(wanted[name], "passed")


def test_every_contract_has_a_fault_of_its_own(catalog: Catalog) -> None:
    broken = {contract.partition("[")[0] for fault in FAULTS.values() for contract in fault.contracts}
    new = {probe.partition("[")[0] for probe in contracts_of(catalog) if "/test_any_server_contracts.py::" not in probe}
    assert new - broken == set()
