"""Why a contract fails: one sentence from the facts that differ, and no guess where none does."""

import dataclasses
from typing import Any

import pytest

from anyunix.analysis.explain import explain
from anyunix.results.model import CellResult, Matrix, Outcome, PlatformResult, Probe

ORDER, V6ONLY = "getaddrinfo.passive_order", "ipv6.v6only_default"
DEBIAN: dict[str, Any] = {ORDER: ["0.0.0.0", "::"], V6ONLY: 0}
FREEBSD: dict[str, Any] = {ORDER: ["::", "0.0.0.0"], V6ONLY: 1}
PHRASES = Probe(
    "binding/test_f.py::test_f",
    "fact",
    "passed",
    phrases={ORDER: "getaddrinfo offers {first} first", V6ONLY: "IPV6_V6ONLY is {value} by default"},
)
SERVED = Probe(
    "binding/test_s.py::test_ipv4",
    "contract",
    "failed",
    explained_by=(ORDER, V6ONLY),
    failing="IPv4 clients are refused",
    fix="bind both families, or set IPV6_V6ONLY explicitly",
    bound=("::",),
)


def explained(
    failed: Probe = SERVED,
    here: dict[str, Any] = FREEBSD,
    reference: Outcome = "passed",
    phrases: Probe = PHRASES,
    there_bound: tuple[str, ...] = ("0.0.0.0",),
) -> str:
    passed = dataclasses.replace(failed, outcome=reference, bound=there_bound)
    matrix = Matrix(
        (
            PlatformResult("debian", "", "local", "ran", facts=DEBIAN),
            PlatformResult("debian-v6only", "", "local", "ran", facts=here),
        ),
        (
            CellResult("c", "debian", "first", "ran", probes=(passed,)),
            CellResult("c", "debian-v6only", "first", "ran", probes=(failed, phrases)),
        ),
        "debian",
    )
    return explain(matrix).cells[1].probes[0].explanation


def test_the_papers_first_bug() -> None:
    assert explained() == (
        "IPv4 clients are refused on debian-v6only, which may be because with bind `first` the server took `::` "
        "(getaddrinfo offers it first here, 0.0.0.0 on debian), and IPV6_V6ONLY is 1 by default here, 0 on debian. "
        "Fix: bind both families, or set IPV6_V6ONLY explicitly."
    )


@pytest.mark.parametrize(
    ("bound", "there"),
    [
        (("::",), ("::",)),  # by name: what getaddrinfo offers is never asked
        ((), ()),  # a foreign server, which does not say
        (("0.0.0.0",), ("0.0.0.0", "::")),  # not what is offered first here
    ],
)
def test_an_address_that_was_not_taken_from_getaddrinfo_is_no_cause(
    bound: tuple[str, ...], there: tuple[str, ...]
) -> None:
    text = explained(dataclasses.replace(SERVED, bound=bound, answered=("::1",)), there_bound=there)
    assert "getaddrinfo" not in text
    assert "::1" not in text
    assert "IPV6_V6ONLY is 1 by default here, 0 on debian. Fix: bind both families" in text


NGIRCD = """\
support.ready.NotReady: the server ended with exit status 1 before it was ready
stderr: [5:5    0] ngIRCd 26.1 started
[5:3    0] Can't change group ID to nogroup(65534): Invalid argument!
suite/support/launcher.py:83: in _start
    addresses = self._addresses(Awaited(process, output, errors), port, log, promises)
E   support.ready.NotReady: the server ended with exit status 1 before it was ready
E   stderr: [5:5    0] ngIRCd 26.1 started
E   [5:3    0] Can't change group ID to nogroup(65534): Invalid argument!"""


def test_a_server_that_does_not_start_is_explained_by_what_it_says() -> None:
    assert explained(dataclasses.replace(SERVED, error="NotReady", message=NGIRCD)) == (
        "the server does not start on debian-v6only, it does on debian: the server ended with exit status 1 before it "
        "was ready; its last words: [5:3    0] Can't change group ID to nogroup(65534): Invalid argument!"
    )


def test_nor_is_one_that_does_not_start_before_the_suite() -> None:
    probe = dataclasses.replace(SERVED, id="start/subject::starts", message="exit status 127: \x1b[31mno such file")
    assert explained(probe) == (
        "the server does not start on debian-v6only, it does on debian: exit status 127: no such file"
    )


def test_only_facts_that_differ_are_named() -> None:
    text = explained(here={**FREEBSD, ORDER: DEBIAN[ORDER]})
    assert "getaddrinfo" not in text
    assert "with bind `first` the server took `::`, and IPV6_V6ONLY is 1 by default here, 0 on debian." in text


def test_no_differing_fact_is_no_guess() -> None:
    assert explained(here=DEBIAN) == (
        "IPv4 clients are refused on debian-v6only, not on debian: no measured difference explains it."
    )


def test_facts_that_nobody_measured_are_named() -> None:
    assert "were not measured on both (getaddrinfo.passive_order, ipv6.v6only_default)" in explained(here={})


def test_a_contract_that_names_no_facts_still_says_where() -> None:
    plain = Probe("g/test_s.py::test_x", "contract", "failed")
    assert explained(plain) == "test_x fails on debian-v6only, not on debian: no measured difference explains it."


def test_a_fact_without_a_phrase_is_said_by_its_name() -> None:
    plain = Probe("g/test_s.py::test_x", "contract", "error", explained_by=("a.b",))
    matrix = Matrix(
        (
            PlatformResult("debian", "", "local", "ran", facts={"a.b": True}),
            PlatformResult("x", "", "local", "ran", facts={"a.b": 1}),
        ),
        (
            CellResult("c", "debian", "d", "ran", probes=(dataclasses.replace(plain, outcome="passed"),)),
            CellResult("c", "x", "d", "ran", probes=(plain,)),
        ),
        "debian",
    )
    assert explain(matrix).cells[1].probes[0].explanation == (
        "test_x fails on x, which may be because a.b is 1 here, true on debian."
    )


@pytest.mark.parametrize("outcome", ["failed", "skipped", "error"])
def test_what_does_not_pass_on_the_reference_is_no_platform_difference(outcome: Outcome) -> None:
    assert explained(reference=outcome) == ""


def test_a_phrase_from_a_platform_cannot_reach_into_objects() -> None:
    hostile = dataclasses.replace(PHRASES, phrases={V6ONLY: "{value.__class__} {0} {value!r:>9999} {value}"})
    assert "{value.__class__} {0} {value!r:>9999} 1 here" in explained(phrases=hostile)
