"""What is tried first of a server."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.differences.selecting import AT_A_TIME, in_parts, nearest, quick_first, slow_ones, to_trace, took_too_long
from anyunix.results.model import Probe
from anyunix.run.rerun import REPRESENTATIVE
from checkout import ROOT

BROKEN = sorted((ROOT / "tests" / "differences").glob("*/contract"))
"""For each difference the contract that it breaks for a server of its own."""


def contract(name: str, seconds: float = 0.1, explained_by: tuple[str, ...] = ()) -> Probe:
    return Probe(name, "contract", "passed", seconds=seconds, explained_by=explained_by)


def test_what_takes_much_longer_than_most_can_wait() -> None:
    kept = [contract(f"binding/t.py::test_{number}", 0.2) for number in range(5)]
    assert slow_ones([*kept, contract("signals/t.py::test_x", 8.0)]) == {"signals/t.py::test_x"}
    assert not slow_ones([*kept, contract("signals/t.py::test_x", 0.9)]), "no second is worth a cell of its own"
    assert not slow_ones([contract("a", 3.0), contract("b", 4.0)]), "of a slow server all are"


def test_slow_ones_wait_unless_there_are_no_others() -> None:
    assert quick_first(["a", "b"], {"b"}) == ["a"]
    assert quick_first(["b"], {"b"}) == ["b"]
    assert quick_first([], {"b"}) == []


def test_the_quickest_two_of_a_group_are_traced() -> None:
    kept = [
        contract(f"{group}/t.py::test_{seconds}", seconds) for group in ("binding", "chat") for seconds in (3, 1, 2)
    ]
    assert to_trace(kept) == ("binding/t.py::test_1", "binding/t.py::test_2", "chat/t.py::test_1", "chat/t.py::test_2")


def test_what_names_a_fact_is_tried_first_with_what_shows_that_it_serves(catalog: Catalog) -> None:
    difference = next(each for each in catalog.differences if each.name == "accept-nonblock")
    kept = [
        contract("signals/t.py::test_other"),
        contract("signals/t.py::test_idle", explained_by=("accept.inherits_nonblock",)),
        contract(REPRESENTATIVE[0]),
    ]
    assert nearest([difference], kept) == ["signals/t.py::test_idle", REPRESENTATIVE[0]]


def test_of_a_server_without_these_the_quickest_shows_it(catalog: Catalog) -> None:
    kept = [contract("signals/t.py::test_other", 2.0), contract("signals/t.py::test_quick", 1.0)]
    assert nearest(catalog.differences[:1], kept) == ["signals/t.py::test_quick"]


@pytest.mark.parametrize("file", BROKEN, ids=[file.parent.name for file in BROKEN])
def test_what_each_difference_is_known_to_break_is_tried_first(catalog: Catalog, file: Path) -> None:
    difference = next(each for each in catalog.differences if each.name == file.parent.name)
    broken = file.read_text().strip()
    if broken != "start/subject::starts":  # which every contract needs
        kept = [contract(name, explained_by=facts) for name, facts in marked(catalog.suite)]
        parameters = broken.partition("[")[2]
        kept = [replace(each, id=f"{each.id}[{parameters}" if parameters else each.id) for each in kept]
        assert broken in nearest([difference], kept)


def marked(suite: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The contracts about any server, and the facts that each names."""
    for file in sorted(suite.glob("*/test_any_server*_contracts.py")):
        for function in ast.parse(file.read_text()).body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                yield f"{file.parent.name}/{file.name}::{function.name}", tuple(facts_of(function))


def facts_of(function: ast.FunctionDef) -> Iterator[str]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "explained_by":
            for argument in mark.args:
                yield from (node.value for node in ast.walk(argument) if isinstance(node, ast.Constant))


def test_a_probe_that_its_time_limit_ended_took_too_long() -> None:
    said = "E   Failed: Timeout (>3.0s) from pytest-timeout."
    assert took_too_long(Probe("a", "contract", "failed", said))
    assert not took_too_long(Probe("a", "contract", "failed", "E   TimeoutError: timed out: 127.0.0.1:1"))


def test_all_have_their_first_part_before_any_has_its_second() -> None:
    many = [f"test_{number}" for number in range(AT_A_TIME + 1)]
    assert in_parts({"a": many, "b": ["test_0"], "c": []}) == [
        ("a", tuple(many[:AT_A_TIME])),
        ("b", ("test_0",)),
        ("a", (many[-1],)),
    ]
    assert in_parts({}) == []
