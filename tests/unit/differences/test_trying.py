"""What is tried first of a server."""

from anyunix.differences.trying import quick_first, slow_ones, to_trace
from anyunix.results.model import Probe


def contract(name: str, seconds: float) -> Probe:
    return Probe(name, "contract", "passed", seconds=seconds)


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
