"""anyunix/sweep/sweep_progress.py: results are kept as the suite prints them, and the time that is left is said."""

from collections.abc import Iterator

from anyunix.results.model import Probe
from anyunix.run.unfinished import heard_probe
from anyunix.sweep.errnos import PossibleError
from anyunix.sweep.injecting import Injection
from anyunix.sweep.sites import Site
from anyunix.sweep.sweep_progress import Results
from anyunix.sweep.swept import Swept

SITE = Site("serving", "parent", "first", "accept(socket)", "accept", "accept4", "listener", (1,))
PLANNED = [
    Injection(str(number), SITE, PossibleError("EMFILE", "resources", "POSIX"), "first", 1) for number in range(9)
]
FILE = "sweep/test_injections_contracts.py"


def line(name: str, answer: str = "kept") -> str:
    fact = f'{{"answer": "{answer}", "how": "", "call": "x"}}'.replace('"', "&quot;")
    return (
        f'<testcase file="{FILE}" name="test_injection[{name}]" line="1" time="0.1"><properties>'
        f'<property name="kind" value="contract" /><property name="fact:sweep" value="{fact}" /></properties>'
        "</testcase>"
    )


def ticking(seconds: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += seconds


def heard(results: Results, *lines: str) -> list[str]:
    said: list[str] = []
    for each in lines:
        results.hear(each, said.append)
    return said


def test_a_result_is_kept_as_soon_as_it_comes() -> None:
    kept: list[tuple[str, str]] = []
    results = Results(PLANNED, {}, lambda injection, swept: kept.append((injection.id, swept.answer)))
    heard(results, "collected 9 items", line("3"), line("4", "broken") + "\r")
    assert kept == [("3", "kept"), ("4", "broken")]
    assert [each.id for each in results.missing] == ["0", "1", "2", "5", "6", "7", "8"]


def test_the_time_that_is_left_is_reckoned_from_those_that_came() -> None:
    clock = ticking(30.0)
    known = {"8": Swept("8", *[""] * 8, answer="broken")}
    results = Results(PLANNED, known, lambda injection, swept: None, lambda: next(clock))
    assert heard(results, "collected", *(line(name) for name in "01234")) == [
        "2 of 9 injections, 1 broken",
        "3 of 9 injections, 1 broken",
        "4 of 9 injections, 1 broken",
        "5 of 9 injections, 1 broken, about 30 s left",
        "6 of 9 injections, 1 broken, about 36 s left",
    ]


def test_other_lines_and_what_was_not_planned_say_nothing() -> None:
    results = Results(PLANNED, {}, lambda injection, swept: None)
    assert heard(results, line("77"), "<testcase ", line("1")[:-5], f"x{line('1')}", "", "<testcase </testcase>") == []
    assert results.found == {}


def test_results_at_the_end_add_what_was_not_heard() -> None:
    results = Results(PLANNED, {}, lambda injection, swept: None)
    results.take([Probe(f"{FILE}::test_injection[2]", "contract", "skipped", "Skipped: not tried: no strace")])
    assert {name: each.how for name, each in results.found.items()} == {"2": "no strace"}


def test_what_breaks_once_of_two_times_is_flaky() -> None:
    kept: list[tuple[str, str]] = []
    results = Results(PLANNED, {}, lambda injection, swept: kept.append((injection.id, swept.answer)))
    heard(results, line("1", "broken"), line("2", "broken"), line("3", "broken"), line("4"))
    assert [each.id for each in results.broken] == ["1", "2", "3"]
    again = [heard_probe(line(name, answer)) for name, answer in (("1", "broken"), ("2", "kept"), ("3", "not reached"))]
    results.confirm(filter(None, again))
    assert {name: each.answer for name, each in results.found.items()} == {
        "1": "broken",
        "2": "flaky",
        "3": "broken",
        "4": "kept",
    }
    assert kept[-1] == ("2", "flaky")
