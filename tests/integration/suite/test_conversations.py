"""Contracts that come from a conversation, or are about UDP or Unix sockets: a healthy server keeps them, and each of
them is broken by one with a fault.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from any_server_subject import BINDING, held
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subject_file import read_subject
from checkout import ROOT
from impatience import impatient

SERVERS = ROOT / "tests" / "any_server"
FAULTS = {
    str(file.relative_to(SERVERS)): found[1]
    for file in sorted(SERVERS.glob("*/*.yaml"))
    if (found := re.match(r"# Breaks (\S+)", file.read_text()))
}
"""Subject file -> the contract that it breaks, as its first line has it."""
CONTRACTS = (
    "chat/test_any_server_contracts.py",
    "binding/test_datagrams_contracts.py",
    "binding/test_unix_sockets_contracts.py",
)
AT_ONCE = 8
SERVED = f"{BINDING}a_client_on_ipv4_loopback_is_served"


@pytest.mark.parametrize(
    ("folder", "least"), [("chat", 30), ("datagrams", 15), ("paths", 20), ("tls", 20), ("program", 15)]
)
def test_a_healthy_one_keeps_them_all(catalog: Catalog, folder: str, least: int) -> None:
    """All contracts about any server, of which so many can be tried at least."""
    wanted = ("test_any_server_contracts", *CONTRACTS)
    probes = [probe for probe in catalog.probes if any(each in probe for each in wanted)]
    result = held(catalog, read_subject(SERVERS / folder / "healthy.yaml"), *probes)
    assert not result.failures, [(probe.id, probe.message) for probe in result.failures]
    kept = [probe.id for probe in result.probes if probe.outcome == "passed"]
    assert len(kept) >= least, kept


def test_each_contract_has_a_fault(catalog: Catalog) -> None:
    about = {probe for probe in catalog.probes if probe.startswith(CONTRACTS)}
    assert about <= {contract.partition("[")[0] for contract in FAULTS.values()}


@pytest.fixture(scope="module")
def outcomes(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What became of each fault's contract; side by side, because a contract that is broken waits for long."""
    suite = impatient(catalog, tmp_path_factory.mktemp("faults") / "suite")

    def outcome(file: str) -> list[str]:
        return [
            probe.outcome for probe in held(catalog, read_subject(SERVERS / file), FAULTS[file], suite=suite).probes
        ]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(FAULTS, pool.map(outcome, FAULTS), strict=True))


@pytest.mark.parametrize("file", FAULTS)
def test_a_fault_breaks_its_contract(file: str, outcomes: dict[str, list[str]]) -> None:
    if outcomes[file] == ["skipped"]:
        pytest.skip("cannot be tried here, as with the healthy server")
    assert outcomes[file] == ["failed"], f"{file} is not seen by {FAULTS[file]}"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("tls/wrong-certificate.yaml", ["answered, but not as `talk` expects: the server shows another certificate"]),
        ("program/fails.yaml", ["nothing is served on port", "Connection refused"]),
    ],
)
def test_a_client_that_is_not_served_says_why(catalog: Catalog, tmp_path: Path, file: str, said: list[str]) -> None:
    suite = impatient(catalog, tmp_path / "suite")
    ready = suite / "support" / "ready.py"
    ready.write_text(ready.read_text().replace("READY_SECONDS = 15.0", "READY_SECONDS = 5.0"))
    result = held(catalog, read_subject(SERVERS / file), SERVED, suite=suite)
    assert [probe.outcome for probe in result.probes] == ["error"]
    assert [each for each in said if each not in result.probes[0].message] == []
