"""What an experiment claims, and what it does not."""

from collections.abc import Callable

import pytest

from anyunix.analysis.cause_words import cause_said
from anyunix.analysis.ddmin import Subset
from anyunix.analysis.trials import OutOfTime, Tally, experiment
from anyunix.results.cause_model import Cause
from anyunix.results.model import Probe

NAMES = ("a", "b", "c", "d", "e")


def ended(
    answer: Callable[[Subset, int], Tally],
    names: tuple[str, ...] = NAMES,
    rounds: int = 100,
    likely: tuple[str, ...] = (),
) -> Cause:
    """What is claimed after so many rounds at most; `answer` says what comes of a set that is tried so many times."""
    going = experiment("debian", names, likely)
    try:
        trials = next(going)
        for _ in range(rounds):
            trials = going.send({trial.differences: answer(trial.differences, trial.times) for trial in trials})
        going.throw(OutOfTime())
    except StopIteration as end:
        cause: Cause = end.value
        return cause
    raise AssertionError("it goes on though there is no time")


def fails_if(breaks: Callable[[Subset], bool]) -> Callable[[Subset, int], Tally]:
    return lambda some, times: Tally(failed=times) if breaks(some) else Tally(kept=times)


def said(cause: Cause) -> str:
    return cause_said(Probe("g/test_x.py::test_a", "contract", "failed", fix="mend it", cause=cause))


def test_two_that_are_needed_together() -> None:
    cause = ended(fails_if(lambda some: {"b", "d"} <= some))
    assert cause.found
    assert (cause.differences, cause.minimal, cause.reference) == (("b", "d"), True, "debian")
    assert said(cause) == (
        f"cause, by experiment ({cause.runs} runs): with b and d switched on, debian fails too; with either alone it "
        "does not. Fix: mend it."
    )


def test_likely_ones_that_break_it_by_themselves_are_found_sooner_and_as_surely() -> None:
    breaks = fails_if(lambda some: {"b", "d"} <= some)
    cause, by_search = ended(breaks, likely=("b", "d")), ended(breaks)
    assert (cause.differences, cause.minimal) == (by_search.differences, True)
    assert cause.runs < by_search.runs
    assert ended(breaks, likely=("b", "d"), rounds=3).found


@pytest.mark.parametrize("likely", [("a",), ("a", "b", "c"), ("x",), NAMES])
def test_likely_ones_that_have_nothing_to_do_with_it_or_are_too_many_change_nothing(likely: tuple[str, ...]) -> None:
    cause = ended(fails_if(lambda some: {"b", "d"} <= some), likely=likely)
    assert (cause.differences, cause.minimal) == (("b", "d"), True)


def test_likely_ones_are_not_claimed_where_all_together_keep_it() -> None:
    cause = ended(fails_if(lambda some: "a" in some and "e" not in some), likely=("a",))
    assert not cause.found


@pytest.mark.parametrize("names", [NAMES, ("c",)])
def test_one_alone_is_compared_with_none(names: tuple[str, ...]) -> None:
    cause = ended(fails_if(lambda some: "c" in some), names)
    assert cause.differences == ("c",)
    assert "with c switched on, debian fails too; without it it does not." in said(cause)


def test_three() -> None:
    cause = ended(fails_if(lambda some: {"a", "b", "e"} <= some))
    assert "with a, b and e switched on, debian fails too; with any one of them left out it does not." in said(cause)


def test_what_fails_without_them_too_has_no_cause() -> None:
    """A fault that comes and goes by itself: the reference kept it once."""
    tried = list[Subset]()

    def once(some: Subset, times: int) -> Tally:
        tried.append(some)
        return Tally(kept=times) if tried.count(some) == 1 and some == {"b"} else Tally(failed=times)

    cause = ended(once, ("b",))
    assert not cause.found
    cause = ended(fails_if(lambda some: True), ("b",))
    assert not cause.found
    assert cause.note == "flaky: with nothing switched on it failed 2 of 2 times"


def test_what_fails_now_and_then_is_called_flaky_and_claimed_by_nobody() -> None:
    def wobbly(some: Subset, times: int) -> Tally:
        return Tally(1, 1) if times > 1 else Tally(failed=times)

    cause = ended(wobbly, ("b",))
    assert (cause.found, cause.differences) == (False, ())
    assert said(cause) == "no cause by experiment (5 runs): flaky: with b switched on it failed 2 of 3 times."


def test_where_all_of_them_do_not_break_it_none_is_blamed() -> None:
    cause = ended(fails_if(lambda some: False))
    assert said(cause) == "no cause by experiment (1 run): debian keeps it with a, b, c, d and e switched on."


def test_what_cannot_be_tried_is_no_failure() -> None:
    cause = ended(lambda some, times: Tally(problem="not tried: it is linked statically"))
    assert not cause.found
    assert "with a, b, c, d and e switched on, not tried: it is linked statically" in said(cause)


def test_a_set_is_not_called_minimal_when_a_smaller_one_cannot_be_tried() -> None:
    def partly(some: Subset, times: int) -> Tally:
        return Tally(failed=times) if some == {"a", "b"} else Tally(problem="the server does not start")

    cause = ended(partly, ("a", "b"))
    assert (cause.found, cause.minimal, cause.differences) == (False, False, ("a", "b"))
    assert said(cause) == (
        "no cause by experiment (3 runs): with a and b switched on, debian fails too, and no further; whether fewer "
        "would do is not known: with b, the server does not start."
    )


def test_what_more_differences_hide_again_is_said() -> None:
    """Not monotone: all three break it, b breaks it, b and c do not."""
    assert ended(fails_if(lambda some: some in ({"a", "b", "c"}, {"b"})), ("a", "b", "c")).note == (
        "with c beside, it is kept again"
    )


@pytest.mark.parametrize(("rounds", "left"), [(0, ()), (1, NAMES), (2, ("a", "b"))])
def test_without_time_nothing_is_claimed_and_what_is_left_is_said(rounds: int, left: tuple[str, ...]) -> None:
    cause = ended(fails_if(lambda some: "b" in some), rounds=rounds)
    assert not cause.found
    assert cause.differences == left
    assert "out of time (--experiment-seconds)" in said(cause)
    if left:
        assert "switched on, debian fails too, and no further; out of time" in said(cause)
