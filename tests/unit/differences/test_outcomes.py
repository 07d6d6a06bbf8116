"""What came of differences: states, the line of each system, the exit status. Nothing that was not on is kept."""

from dataclasses import replace

import pytest

from anyunix.catalog.lookup import find_catalog
from anyunix.differences.outcomes import NO_TIME, Because, SwitchedOn, Tryout, answer_for, confirmed, seen_in
from anyunix.results.model import CellResult, Probe

A, B = (Probe(f"binding/t.py::test_{name}", "contract", "passed") for name in "ab")
REFUSED = replace(A, outcome="failed", message="E   refused", failing="IPv4 clients are refused")
ESCAPED = replace(A, outcome="skipped", message="Skipped: not tried: it is linked statically")


def cell(*probes: Probe, status: str = "ran", reason: str = "") -> CellResult:
    return CellResult("s", "p", "b", status, reason, probes=probes)  # type: ignore[arg-type]


@pytest.fixture
def tryout() -> Tryout:
    """Of FreeBSD's three differences, all kept."""
    known = tuple(each for each in find_catalog().differences if each.name in ("passive-order", "v6only-default"))
    alone = {each.name: seen_in((each.name,), cell(A, B)) for each in known}
    names = tuple(each.name for each in known)
    return Tryout(
        "s", "p", "b", known, ("freebsd",), (A.id, B.id), (), alone, {"freebsd": seen_in(names, cell(A, B))}, {}, 1.0
    )


@pytest.mark.parametrize(
    ("result", "state", "problem"),
    [
        (cell(A, B), "kept", ""),
        (cell(REFUSED, B), "broken", ""),
        (cell(ESCAPED, replace(ESCAPED, id=B.id)), "not tried", "it is linked statically"),
        (cell(B, ESCAPED), "kept", ""),
        (cell(status="not-run", reason="not tried: x.c does not compile"), "not tried", "x.c does not compile"),
        (cell(status="error", reason="the cable is out"), "not tried", "the cable is out"),
        (cell(replace(A, outcome="skipped", message="no IPv6")), "not tried", ""),
    ],
)
def test_states(result: CellResult, state: str, problem: str) -> None:
    seen = seen_in(("x",), result)
    assert (seen.state, seen.problem) == (state, problem)


def test_what_touches_nothing_is_untouched() -> None:
    assert SwitchedOn(("x",)).state == "untouched"


def test_what_does_not_break_again_or_breaks_anyway_is_flaky() -> None:
    seen = seen_in(("x",), cell(REFUSED, B))
    assert confirmed(seen, cell(REFUSED), cell(A)).state == "broken"
    assert confirmed(seen, cell(A), cell(A)).contracts[A.id] == "flaky"
    wobbly = confirmed(seen, cell(REFUSED), cell(REFUSED))
    assert (wobbly.state, wobbly.contracts[A.id]) == ("kept", "flaky")


def test_what_had_no_time_alone_was_on_with_all_others_or_not_at_all(tryout: Tryout) -> None:
    late = SwitchedOn(("passive-order",), problem=NO_TIME)
    assert late.state == "not tried"
    hurried = replace(tryout, alone={**tryout.alone, "passive-order": late})
    assert answer_for(hurried, "freebsd") == "FreeBSD: kept all that can be emulated (2 of 2)"
    alone = replace(hurried, together={})
    assert answer_for(alone, "freebsd").endswith("one by one kept 1 of 2")
    refused = replace(hurried, together={"freebsd": SwitchedOn(("passive-order", "v6only-default"), problem="no")})
    assert answer_for(refused, "freebsd") == "FreeBSD: not tried as a whole (no); one by one kept 1 of 2"


def test_all_kept(tryout: Tryout) -> None:
    assert answer_for(tryout, "freebsd") == "FreeBSD: kept all that can be emulated (2 of 2)"
    assert tryout.exit_status == 0


def test_kept_in_some_contracts_is_not_plainly_kept(tryout: Tryout) -> None:
    some = replace(tryout.together["freebsd"], complete=False, contracts={A.id: "kept", B.id: "left out"})
    assert answer_for(replace(tryout, together={"freebsd": some}), "freebsd") == (
        "FreeBSD: kept all that can be emulated (2 of 2), in the 1 of 2 contracts that were tried"
    )


def test_two_that_break_it_together(tryout: Tryout) -> None:
    names = ("passive-order", "v6only-default")
    broken = replace(
        tryout,
        together={"freebsd": seen_in(names, cell(REFUSED, B))},
        causes={"freebsd": (Because(REFUSED, names, True),)},
    )
    assert answer_for(broken, "freebsd") == (
        "FreeBSD: would break (IPv4 clients are refused: passive-order and v6only-default, together)"
    )
    assert broken.exit_status == 1


def test_a_set_that_could_not_be_shrunk_is_not_called_together(tryout: Tryout) -> None:
    names = ("passive-order", "v6only-default")
    broken = replace(
        tryout,
        together={"freebsd": seen_in(names, cell(REFUSED))},
        causes={"freebsd": (Because(REFUSED, names, False),)},
    )
    assert answer_for(broken, "freebsd").endswith("passive-order and v6only-default, or fewer of them)")


def test_many_that_could_not_be_shrunk_are_counted(tryout: Tryout) -> None:
    names = tuple(f"d{number}" for number in range(17))
    broken = replace(
        tryout,
        together={"freebsd": seen_in(names, cell(REFUSED))},
        causes={"freebsd": (Because(REFUSED, names, False),)},
    )
    assert answer_for(broken, "freebsd") == (
        "FreeBSD: would break (IPv4 clients are refused: "
        "some of 17 differences, which there was no time to narrow down)"
    )


def test_one_that_breaks_it_alone_where_all_together_hide_it(tryout: Tryout) -> None:
    broken = replace(tryout, alone={**tryout.alone, "passive-order": seen_in(("passive-order",), cell(REFUSED))})
    assert answer_for(broken, "freebsd") == "FreeBSD: would break (IPv4 clients are refused: passive-order alone)"


def test_what_escapes_is_counted_as_not_tried(tryout: Tryout) -> None:
    escaped = seen_in(("passive-order",), cell(ESCAPED))
    some = replace(tryout, alone={**tryout.alone, "passive-order": escaped}, together={"freebsd": escaped})
    assert answer_for(some, "freebsd") == (
        "FreeBSD: not tried as a whole (it is linked statically); one by one kept 1 of 2"
    )
    nothing = replace(some, alone={name: escaped for name in some.alone})
    assert nothing.exit_status == 3


def test_a_system_of_which_nothing_is_known_has_no_answer(tryout: Tryout) -> None:
    assert answer_for(replace(tryout, systems=("illumos",)), "illumos") == "illumos: no difference of it is known"


def test_what_a_build_for_the_system_would_know_is_said_and_breaks_nothing_there(tryout: Tryout) -> None:
    known = {each.name: each for each in find_catalog().differences}
    compiled = replace(
        tryout,
        known=(known["nofile-256"], known["no-accept4"]),
        systems=("macos",),
        alone={
            "nofile-256": seen_in(("nofile-256",), cell(A, B)),
            "no-accept4": seen_in(("no-accept4",), cell(REFUSED, B)),
        },
        together={"macos": seen_in(("nofile-256",), cell(A, B))},
    )
    assert answer_for(compiled, "macos") == (
        "macOS: kept all that can be emulated (1 of 1); built for Linux, it does not run with no-accept4, "
        "which a build for macOS would know"
    )
    alone = replace(compiled, known=(known["no-accept4"],), together={})
    assert answer_for(alone, "macos").startswith("macOS: no difference of it is known that a build for it would meet;")
