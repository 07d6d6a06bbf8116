"""Contracts about any server: a healthy one keeps them all, and each of them is broken by a server of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from any_server_subject import BINDING, PROCESSES, SIGNALS, held, written
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.results.model import CellResult
from impatience import impatient

FAULTS = {
    "IPv6 alone": f"{BINDING}a_client_on_ipv4_loopback_is_served",
    "IPv4 alone": f"{BINDING}a_client_on_ipv6_loopback_is_served",
    "loopback alone": f"{BINDING}a_client_of_any_interface_is_served[ipv4]",
    "needs IPv6": f"{BINDING}without_ipv6_it_serves_ipv4",
    "no SO_REUSEADDR": f"{BINDING}it_starts_again_on_its_port_at_once",
    "SO_REUSEPORT": f"{BINDING}a_second_one_on_its_port_ends",
    "reaps nobody": f"{PROCESSES}clients_leave_no_process_and_no_zombie",
    "keeps descriptors": f"{PROCESSES}clients_leave_no_descriptor",
    "dies of EMFILE": f"{PROCESSES}more_clients_than_descriptors_are_survived",
    "orphans stay": f"{PROCESSES}its_processes_end_when_the_first_one_is_killed",
    "ignores SIGTERM": f"{SIGNALS}it_does_what_it_promises_at[SIGTERM]",
    "SIGPIPE kills": f"{SIGNALS}a_client_that_resets_ends_nobody",
    "asks who it was": f"{SIGNALS}a_client_that_is_gone_before_it_is_accepted_ends_nobody",
    "accepts one of several": f"{SIGNALS}clients_that_queued_are_all_served",
    "one at a time": f"{SIGNALS}idle_clients_hold_up_nobody",
    "waits for more": f"{SIGNALS}a_half_closed_client_is_let_go",
}


@pytest.fixture
def write_subject(tmp_path: Path) -> Callable[..., Subject]:
    return lambda **changed: written(tmp_path, **changed)


@pytest.fixture
def held_against(catalog: Catalog) -> Callable[..., CellResult]:
    return lambda subject, *probes: held(catalog, subject, *probes)


def contracts_of(catalog: Catalog) -> list[str]:
    return [probe for probe in catalog.probes if "test_any_server_contracts" in probe]


def test_a_healthy_server_keeps_them_all(
    catalog: Catalog, write_subject: Callable[..., Subject], held_against: Callable[..., CellResult]
) -> None:
    result = held_against(write_subject(), *contracts_of(catalog))
    assert not result.failures, [(probe.id, probe.message) for probe in result.failures]
    skipped = {probe.id.rpartition("::")[2]: probe.message for probe in result.probes if probe.outcome == "skipped"}
    assert {
        "test_a_family_that_is_not_promised_is_refused_at_once[ipv4]",
        "test_a_family_that_is_not_promised_is_refused_at_once[ipv6]",
    } <= set(skipped)


@pytest.mark.parametrize(
    "changed",
    [
        {"start": '["{python}", any_server.py, "{port}", "short queue"]'},
        {"start": '["{python}", any_server.py, "{port}", "leaves its pid file", "{work}/pid"]'},
    ],
    ids=["short-queue", "pid-file-left"],
)
def test_what_is_no_fault_breaks_nothing(
    changed: dict[str, str], write_subject: Callable[..., Subject], held_against: Callable[..., CellResult]
) -> None:
    """A backlog of five, and a file that a server leaves in {work} and does not like to find there."""
    result = held_against(
        write_subject(**changed), FAULTS["asks who it was"], FAULTS["no SO_REUSEADDR"], FAULTS["accepts one of several"]
    )
    assert [probe.outcome for probe in result.probes] == ["passed"] * 3, [probe.message for probe in result.failures]


@pytest.fixture(scope="module")
def outcomes(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What became of each fault's contract; side by side, because a contract that is broken waits for long."""
    folder = tmp_path_factory.mktemp("faults")
    suite = impatient(catalog, folder / "suite")

    def outcome(fault: str) -> list[str]:
        own = folder / fault.replace(" ", "-")
        own.mkdir()
        subject = written(own, start=f'["{{python}}", -IS, any_server.py, "{{port}}", "{fault}"]')
        return [probe.outcome for probe in held(catalog, subject, FAULTS[fault], suite=suite).probes]

    with ThreadPoolExecutor(len(FAULTS)) as pool:
        return dict(zip(FAULTS, pool.map(outcome, FAULTS), strict=True))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_breaks_its_contract(fault: str, outcomes: dict[str, list[str]]) -> None:
    if outcomes[fault] == ["skipped"]:
        pytest.skip("cannot be tried here, as with the healthy server")
    assert outcomes[fault] == ["failed"], f"{fault} is not seen by {FAULTS[fault]}"


@pytest.mark.parametrize(
    "changed",
    [
        {"ready": "'^serving$'"},
        {"ready": "{line: '^serving$'}"},
        {"ready": "{file: '{work}/ready'}", "start": '["{python}", any_server.py, "{port}", "", "{work}/ready"]'},
        {"environment": "{PORT: '{port}'}", "start": '[sh, -c, exec python3 any_server.py "$PORT"]'},
        {
            "configuration": "{port.conf: '{port}'}",
            "start": '[sh, -c, "exec python3 any_server.py $(cat {work}/port.conf)"]',
        },
    ],
    ids=["line", "line-key", "file", "environment", "configuration"],
)
def test_ways_to_be_told_the_port_and_to_be_ready(
    changed: dict[str, str], write_subject: Callable[..., Subject], held_against: Callable[..., CellResult]
) -> None:
    result = held_against(write_subject(**changed), f"{BINDING}a_client_on_ipv4_loopback_is_served")
    assert [(probe.outcome, probe.answered) for probe in result.probes] == [("passed", ("0.0.0.0", "::"))]


def test_a_port_that_answers_is_not_all_that_it_listens_on(
    write_subject: Callable[..., Subject], held_against: Callable[..., CellResult]
) -> None:
    subject = write_subject(start='["{python}", any_server.py, "{port}", "slow to start"]')
    result = held_against(replace(subject, talk=None), f"{BINDING}a_client_on_ipv6_loopback_is_served")
    assert [(probe.outcome, probe.answered) for probe in result.probes] == [("passed", ("0.0.0.0", "::"))]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ready": "{file: '{work}/never'}"}, "no file"),
        ({"start": '[sh, -c, "echo so it is >&2; exit 3", "{port}"]'}, "exit status 3 before it was ready"),
    ],
)
def test_a_server_that_does_not_get_ready_says_why(
    changed: dict[str, str],
    said: str,
    write_subject: Callable[..., Subject],
    held_against: Callable[..., CellResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = held_against(write_subject(**changed), f"{BINDING}a_client_on_ipv4_loopback_is_served")
    assert [probe.outcome for probe in result.probes] == ["error"]
    assert said in result.probes[0].message


@pytest.mark.parametrize(
    ("promise", "contract"),
    [
        ("ipv6", f"{BINDING}a_client_on_ipv6_loopback_is_served"),
        ("sigterm", f"{SIGNALS}it_does_what_it_promises_at[SIGTERM]"),
        ("at_once", f"{SIGNALS}idle_clients_hold_up_nobody"),
    ],
)
def test_what_is_not_promised_is_left_out(
    promise: str, contract: str, write_subject: Callable[..., Subject], held_against: Callable[..., CellResult]
) -> None:
    result = held_against(write_subject(promises=f"{{{promise}: false}}"), contract)
    assert [(probe.outcome, probe.message) for probe in result.probes] == [
        ("skipped", f"left out: mine does not promise {promise}")
    ]


def test_what_answers_is_not_said_to_be_what_it_bound(
    write_subject: Callable[..., Subject], held_against: Callable[..., CellResult]
) -> None:
    """A wildcard may be known by one address that answers."""
    subject = write_subject(start='["{python}", any_server.py, "{port}", "IPv6 alone"]')
    (failed,) = held_against(subject, f"{BINDING}a_client_on_ipv4_loopback_is_served").failures
    assert (failed.bound, "::" in failed.answered[0]) == ((), True)
    assert "(the server answers on [::" in failed.message
