"""Who is served, by family and platform."""

from dataclasses import replace

from anyunix.report.page.sections import SIGNS, rows_of, sections_of
from anyunix.report.page.served import ANSWERS, CLIENTS, served_of
from anyunix.results.model import Matrix, Probe
from checkout import ROOT
from page_matrix import example

LOOPBACK = CLIENTS["IPv4"][1]
IPV6, INTERFACE = CLIENTS["IPv6"][1], CLIENTS["IPv4, from outside"][0]


def served(matrix: Matrix) -> dict[str, dict[str, tuple[str, ...]]]:
    found = served_of(matrix, sections_of(matrix, rows_of(matrix)))
    return {each.section.bind: {client.name: client.words for client in each.clients} for each in found}


def with_probes(matrix: Matrix, *probes: Probe) -> Matrix:
    cells = (replace(cell, probes=(*cell.probes, *probes)) for cell in matrix.cells if cell.status == "ran")
    return replace(matrix, cells=tuple(cells))


def test_each_subject_and_bind_has_its_clients() -> None:
    assert served(example()) == {
        "dual": {"IPv4": ("passed", "passed", "no answer", "no answer")},
        "first": {"IPv4": ("passed", "failed", "fails as expected", "no answer")},
    }


def test_of_two_contracts_about_one_client_the_worse_counts() -> None:
    matrix = with_probes(example(), Probe(LOOPBACK, "contract", "failed"), Probe(IPV6, "contract", "skipped"))
    first = served(matrix)["dual"]
    assert first["IPv4"][:2] == ("failed", "failed")
    assert first["IPv6"][:2] == ("left out", "left out")


def test_from_outside_is_there_where_it_was_tried() -> None:
    left_out = with_probes(example(), Probe(INTERFACE, "contract", "skipped"))
    assert "IPv4, from outside" not in served(left_out)["dual"]
    tried = with_probes(example(), Probe(INTERFACE, "contract", "passed"))
    assert served(tried)["dual"]["IPv4, from outside"][0] == "passed"


def test_the_contracts_are_the_suites() -> None:
    """A contract that has another name by now would leave its clients out in silence."""
    for contract in (each for several in CLIENTS.values() for each in several):
        file, _, name = contract.partition("[")[0].partition("::")
        assert f"def {name}(" in (ROOT / "suite" / file).read_text()


def test_every_word_of_a_contract_is_an_answer() -> None:
    assert {*ANSWERS} <= {*SIGNS}
    assert {*SIGNS} - {*ANSWERS} == {"measured", "differs", "varies", "not measured"}
