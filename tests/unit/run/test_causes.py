"""Experiments on a run's failures: what is asked for, what is shared, and what stays out of the matrix."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from anyunix.catalog.builds import POISONED
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.switching import experimental
from anyunix.results.model import STARTS, CellResult, Matrix, PlatformResult, Probe
from anyunix.run.causes import with_causes
from anyunix.run.cell import Cell

SERVED, LOOPBACK = "binding/test_s.py::test_served", "binding/test_s.py::test_loopback"
V6ONLY, ORDER, NONBLOCK = "v6only-default", "passive-order", "accept-nonblock"
ON = {
    "ipv6.v6only_default": 1,
    "ipv6.wildcard_serves_ipv4": False,
    "getaddrinfo.passive_order": ["::", "0.0.0.0"],
    "accept.inherits_nonblock": True,
}
OFF = {
    "ipv6.v6only_default": 0,
    "ipv6.wildcard_serves_ipv4": True,
    "getaddrinfo.passive_order": ["0.0.0.0", "::"],
    "accept.inherits_nonblock": False,
}
FAILED = Probe(SERVED, "contract", "failed", "E  refused", error="ConnectionRefusedError")


@dataclass
class Stage:
    """Stands for the reference: says what its server does under differences."""

    breaks: Mapping[str, Callable[[frozenset[str]], bool]]
    """Contract -> whether these differences break it."""
    error: str = "ConnectionRefusedError"
    ran: list[Cell] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def run(self, cells: Sequence[Cell], times: int, seconds: float) -> list[CellResult]:
        self.ran += cells
        self.times += [times] * len(cells)
        self.seconds.append(seconds)
        return [
            replace(cell.result("ran"), probes=tuple(self._probe(cell, each) for each in cell.probes)) for cell in cells
        ]

    def _probe(self, cell: Cell, probe: str) -> Probe:
        on = frozenset(each.name for each in cell.platform.switched_on)
        broken = self.breaks[probe](on)
        return Probe(probe, "contract", "failed" if broken else "passed", error=self.error if broken else "")


def both(on: frozenset[str]) -> bool:
    return {V6ONLY, ORDER} <= on


def found(
    catalog: Catalog,
    stage: Stage,
    *failing: Probe,
    reference: str = "local",
    kept: Sequence[Probe] = (),
    build: str = "plain",
    seconds: float = 60,
) -> Matrix:
    """A run of the reference and of a real FreeBSD beside it, and what experiments make of its failures."""
    cells = [Cell(catalog.subject("c"), catalog.platform(name), "first") for name in (reference, "freebsd")]
    passed = tuple(kept) or tuple(replace(each, outcome="passed", error="") for each in failing)
    matrix = Matrix(
        (
            PlatformResult(reference, "", "local", "ran", facts=OFF),
            PlatformResult("freebsd", "", "vagrant", "ran", facts=ON),
        ),
        tuple(
            replace(cell.result("ran"), probes=probes, build=build)
            for cell, probes in zip(cells, (passed, failing), strict=True)
        ),
        reference,
    )
    return with_causes(matrix, cells, catalog.differences, stage.run, seconds, clock=iter(range(100)).__next__)


def only_these(catalog: Catalog) -> Catalog:
    """The project's, as it was when there were three differences."""
    made = Catalog(catalog.root)
    made.__dict__["differences"] = tuple(each for each in catalog.differences if each.name in (V6ONLY, ORDER, NONBLOCK))
    return made


@pytest.fixture
def three(catalog: Catalog) -> Catalog:
    return only_these(catalog)


def test_the_papers_first_bug(three: Catalog) -> None:
    stage = Stage({SERVED: both})
    matrix = found(three, stage, FAILED)
    (probe,) = matrix.cells[1].probes
    assert probe.cause is not None
    assert probe.cause.found
    assert probe.cause.differences == (ORDER, V6ONLY)
    blamed = {fact for each in three.differences if each.name in (ORDER, V6ONLY) for fact in each.facts}
    shown = {"getaddrinfo.passive_order", "ipv6.v6only_default", "ipv6.wildcard_serves_ipv4"}
    assert shown <= {*probe.cause.facts} <= blamed
    assert probe.cause.reference == "local"
    assert matrix.cells[0].probes[0].cause is None
    assert [cell.key for cell in matrix.cells] == ["local-c-first", "freebsd-c-first"]
    assert stage.ran[0].platform.name.startswith("local+3-differences-")
    assert {cell.probes for cell in stage.ran} == {(SERVED,)}
    assert probe.cause.runs == sum(stage.times)


def test_contracts_go_side_by_side_and_share_runs(three: Catalog) -> None:
    alone, together = Stage({SERVED: both}), Stage({SERVED: both, LOOPBACK: both})
    found(three, alone, FAILED)
    matrix = found(three, together, FAILED, replace(FAILED, id=LOOPBACK))
    assert len(together.ran) == len(alone.ran)
    assert {cell.probes for cell in together.ran} == {(SERVED, LOOPBACK)}
    assert [each.cause.differences for each in matrix.cells[1].probes if each.cause] == [(ORDER, V6ONLY)] * 2


def test_each_contract_has_a_cause_of_its_own(three: Catalog) -> None:
    stage = Stage({SERVED: both, LOOPBACK: lambda on: NONBLOCK in on})
    matrix = found(three, stage, FAILED, replace(FAILED, id=LOOPBACK))
    assert [each.cause.differences for each in matrix.cells[1].probes if each.cause] == [(ORDER, V6ONLY), (NONBLOCK,)]


def test_another_kind_of_failure_is_not_this_one(three: Catalog) -> None:
    """A server that does not come to listen breaks every contract, and is the cause of none that fails elsewise."""
    matrix = found(three, Stage({SERVED: both}, error="NotReady"), FAILED)
    cause = matrix.cells[1].probes[0].cause
    assert cause is not None
    assert not cause.found
    assert "the server does not start" in cause.note


@pytest.mark.parametrize(
    ("started", "error", "blamed"),
    [
        ("NotReady", "NotReady", True),
        ("NotReady", "AssertionError", False),  # it starts, and fails otherwise
        ("NotServed", "AssertionError", True),
    ],
)
def test_a_server_that_does_not_start_is_tried_with_any_contract(
    three: Catalog, started: str, error: str, *, blamed: bool
) -> None:
    failed = Probe(STARTS, "contract", "failed", "E  no", error=started)
    stage = Stage({SERVED: lambda on: ORDER in on}, error=error)
    matrix = found(three, stage, failed, kept=[Probe(SERVED, "contract", "passed")])
    cause = matrix.cells[1].probes[0].cause
    assert cause is not None
    assert cause.differences == ((ORDER,) if blamed else ())


@pytest.mark.parametrize(
    "failed",
    [
        replace(FAILED, outcome="flaky"),
        replace(FAILED, again="did not repeat"),
        replace(FAILED, again="not a difference"),
        replace(FAILED, outcome="skipped"),
    ],
)
def test_what_does_not_fail_each_time_is_not_looked_into(three: Catalog, failed: Probe) -> None:
    stage = Stage({SERVED: both})
    assert found(three, stage, failed, kept=[replace(FAILED, outcome="passed")]).cells[1].probes == (failed,)
    assert stage.ran == []


def test_nor_is_what_the_reference_breaks_what_is_poisoned_or_what_follows(three: Catalog) -> None:
    stage = Stage({SERVED: both, LOOPBACK: both})
    found(three, stage, FAILED, kept=[FAILED])
    found(three, stage, FAILED, build=POISONED.name)
    found(three, stage, FAILED, seconds=0)
    assert stage.ran == []
    follows = replace(FAILED, id=LOOPBACK, follows_from=SERVED)
    matrix = found(three, stage, FAILED, follows)
    assert {cell.probes for cell in stage.ran} == {(SERVED,)}
    assert matrix.cells[1].probes[1].cause is None


def test_what_cannot_be_switched_on_there_is_left_out_and_said(three: Catalog) -> None:
    """A machine over SSH has no sysctls and files of its own; what goes into the server alone can be tried there."""
    catalog = only_these(Catalog(three.root))
    stage = Stage({SERVED: lambda on: NONBLOCK in on})
    there = three.platform("ssh://bsd.example")
    cells = [Cell(catalog.subject("c"), platform, "first") for platform in (there, catalog.platform("freebsd"))]
    matrix = Matrix(
        tuple(
            PlatformResult(cell.platform.name, "", "ssh", "ran", facts=facts)
            for cell, facts in zip(cells, (OFF, ON), strict=True)
        ),
        tuple(
            replace(cell.result("ran"), probes=(replace(FAILED, outcome=outcome),))
            for cell, outcome in zip(cells, ("passed", "failed"), strict=True)
        ),
        there.name,
    )
    causes = []
    for broken in (lambda on: NONBLOCK in on, lambda on: False):
        stage = Stage({SERVED: broken})
        result = with_causes(matrix, cells, catalog.differences, stage.run, 60)
        causes.append(result.cells[1].probes[0].cause)
    assert causes[0] is not None
    assert causes[0].differences == (NONBLOCK,)
    assert causes[1] is not None
    assert not causes[1].found
    assert "passive-order not tried: driver ssh changes nothing on its machine" in causes[1].note


def test_out_of_time_is_said_and_nothing_claimed(three: Catalog) -> None:
    """The clock goes a second from round to round."""
    stage = Stage({SERVED: both})
    cause = found(three, stage, FAILED, seconds=2).cells[1].probes[0].cause
    assert cause is not None
    assert not cause.found
    assert "out of time" in cause.note
    assert stage.seconds == [1]


def test_platforms_that_only_the_server_tells_apart_have_one_machine(three: Catalog) -> None:
    known = {each.name: each for each in three.differences}
    local = three.platform("local")

    def machine(*names: str) -> str:
        return experimental(local, [known[name] for name in names]).machine

    assert machine(NONBLOCK) == "local"
    assert machine(V6ONLY) == machine(V6ONLY, NONBLOCK) != "local"
    assert len({machine(V6ONLY), machine(ORDER), machine(V6ONLY, ORDER)}) == 3
