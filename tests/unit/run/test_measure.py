"""Facts that a failed contract names and that nobody measured, by -k for one, are measured after the run."""

from collections.abc import Sequence
from dataclasses import replace

from anyunix.analysis.explain import explain
from anyunix.catalog.builds import POISONED
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.probes import who_measures
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe
from anyunix.run.cell import Cell
from anyunix.run.measure import with_facts

ORDER, V6ONLY, REUSE = "getaddrinfo.passive_order", "ipv6.v6only_default", "reuseaddr.time_wait_on_both"
SERVED = Probe(
    "binding/test_s.py::test_ipv4",
    "contract",
    "failed",
    explained_by=(ORDER, V6ONLY, REUSE),
    failing="IPv4 clients are refused",
)
V6ONLY_PROBE = "binding/test_ipv6_facts.py::test_ipv6_wildcard_and_ipv4"
REUSE_PROBE = "binding/test_reuseaddr_facts.py::test_bind_with_a_connection_in_time_wait"


class Platforms:
    """Stand-ins for the cells: what each platform would measure."""

    def __init__(self, status: str = "ran") -> None:
        self.asked: dict[str, tuple[str, ...]] = {}
        self._status = status

    def run(self, cells: Sequence[Cell]) -> list[CellResult]:
        self.asked = {cell.key: cell.probes for cell in cells}
        return [
            replace(
                cell.result(self._status),
                probes=(  # type: ignore[arg-type]
                    Probe(
                        V6ONLY_PROBE,
                        "fact",
                        "passed",
                        facts={V6ONLY: int(cell.platform.name != "debian")},
                        phrases={V6ONLY: "IPV6_V6ONLY is {value} by default"},
                    ),
                ),
            )
            for cell in cells
        ]


def ran(catalog: Catalog, platforms: Platforms, failed: Probe = SERVED, *more: Probe, build: str = "plain") -> Matrix:
    """A run of one contract on debian and alpine, and what is made of it."""
    passed = replace(failed, outcome="passed")
    cells = [Cell(catalog.subject("c"), catalog.platform(name), "dual") for name in ("debian", "alpine")]
    results = [
        replace(cell.result("ran"), probes=probes, build=build)
        for cell, probes in zip(cells, ((passed,), (failed, *more)), strict=True)
    ]
    matrix = Matrix(
        tuple(PlatformResult(cell.platform.name, "", "docker", "ran") for cell in cells), tuple(results), "debian"
    )
    return explain(with_facts(matrix, cells, catalog.suite, platforms.run))


def test_they_are_measured_on_both_and_explain_it(catalog: Catalog) -> None:
    platforms = Platforms()
    matrix = ran(catalog, platforms)
    order = who_measures(catalog.suite, [ORDER])[ORDER]
    assert platforms.asked == dict.fromkeys(("debian-c-dual", "alpine-c-dual"), (order, V6ONLY_PROBE, REUSE_PROBE))
    assert matrix.platforms[1].facts == {V6ONLY: 1}
    assert matrix.cells[1].probes[0].explanation == (
        "IPv4 clients are refused on alpine, which may be because IPV6_V6ONLY is 1 by default here, 0 on debian."
    )


def test_a_fact_whose_probe_was_left_out_there_is_not_asked_for_again(catalog: Catalog) -> None:
    platforms = Platforms()
    ran(catalog, platforms, SERVED, Probe(f"{REUSE_PROBE}[on_both]", "fact", "skipped"))
    assert REUSE_PROBE in platforms.asked["debian-c-dual"]
    assert REUSE_PROBE not in platforms.asked["alpine-c-dual"]


def test_a_platform_that_does_not_come_back_leaves_the_matrix_as_it_was(catalog: Catalog) -> None:
    matrix = ran(catalog, Platforms("error"))
    assert [len(cell.probes) for cell in matrix.cells] == [1, 1]
    assert "were not measured on both" in matrix.cells[1].probes[0].explanation


def test_nothing_runs_where_no_fact_could_explain_anything(catalog: Catalog) -> None:
    platforms = Platforms()
    ran(catalog, platforms, replace(SERVED, error="NotReady"))
    ran(catalog, platforms, replace(SERVED, explained_by=("no.such_fact",)))
    ran(catalog, platforms, SERVED, build=POISONED.name)
    assert platforms.asked == {}


def test_a_name_that_is_made_up_as_the_probe_runs_is_found(catalog: Catalog) -> None:
    assert who_measures(catalog.suite, [REUSE, V6ONLY, "nobody.measures"]) == {REUSE: REUSE_PROBE, V6ONLY: V6ONLY_PROBE}
