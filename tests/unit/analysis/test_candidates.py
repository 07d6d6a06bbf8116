"""Which differences facts speak for, and which they speak against."""

from pathlib import Path
from typing import Any

import pytest

from anyunix.analysis.candidates import candidates, likely_for
from anyunix.catalog.difference import Difference, Mechanism
from anyunix.catalog.lookup import find_catalog
from anyunix.results.model import Documented, PlatformResult, Probe


def difference(name: str, **facts: Any) -> Difference:
    way = Mechanism(limits={"nofile": 1})
    return Difference(name, name, {}, "", facts, "", way, way, Path())


KNOWN = (difference("one", f=True, g=1), difference("another", h="x"))


def named(here: dict[str, Any], there: dict[str, Any], **more: Any) -> list[str]:
    reference = PlatformResult("r", "", "local", "ran", facts=there, differences=more.pop("on_reference", ()))
    return [
        each.name for each in candidates(PlatformResult("p", "", "local", "ran", facts=here, **more), reference, KNOWN)
    ]


OFF = {"f": False, "g": 0, "h": "y"}


@pytest.mark.parametrize(
    ("here", "there", "found"),
    [
        ({"f": True, "g": 1, "h": "x"}, OFF, ["another", "one"]),
        ({"f": True}, OFF, ["one"]),  # the other fact was not measured
        ({"f": True, "g": 0}, OFF, []),  # one of its facts is against it
        ({"f": 1}, OFF, []),  # 1 is not true
        ({"f": True}, {"f": True, "g": 0}, []),  # the same on the reference, and here nobody knows of the other
        ({"f": True}, {}, []),  # nobody knows what the reference does
        ({}, OFF, []),
    ],
)
def test_facts_that_differ_point_to_differences(here: dict[str, Any], there: dict[str, Any], found: list[str]) -> None:
    assert named(here, there) == found


def test_of_a_fact_with_parts_a_difference_claims_those_that_it_names() -> None:
    """So two of them may be on: of one system, flock and accept are both interrupted."""
    known = (difference("one", f={"accept": "EINTR"}), difference("another", f={"flock": "EINTR"}))
    reference = PlatformResult("r", "", "local", "ran", facts={"f": {"accept": "goes on", "flock": "goes on"}})

    def found(**here: str) -> list[str]:
        platform = PlatformResult("p", "", "local", "ran", facts={"f": here})
        return [each.name for each in candidates(platform, reference, known)]

    assert found(accept="EINTR", flock="EINTR") == ["another", "one"]
    assert found(accept="EINTR", flock="goes on") == ["one"]
    assert found(accept="goes on", flock="goes on") == []


def test_manuals_speak_where_nobody_measured() -> None:
    manual = {"f": Documented(True, "f(2)"), "h": Documented("x", "h(2)")}
    assert named({}, OFF, documented=manual) == ["another", "one"]
    assert named({"h": "y"}, OFF, documented=manual) == ["one"]
    assert named({"g": 0}, OFF, documented=manual) == ["another"]


def test_what_is_switched_on_needs_no_facts_and_what_the_reference_has_is_no_candidate() -> None:
    assert named({}, {}, differences=("one",)) == ["one"]
    assert named({"f": False}, {}, differences=("one",)) == []  # it is not what it should be
    assert named({"f": True, "g": 1, "h": "x"}, OFF, on_reference=("one",)) == ["another"]


def test_a_fact_that_varies_speaks_for_nothing() -> None:
    assert named({"f": True}, OFF, unstable={"g": (0, 1)}) == []


def test_those_are_likely_whose_facts_the_contract_depends_on() -> None:
    probe = Probe("p", "contract", "failed", explained_by=("ipv6.v6only_default", "getaddrinfo.passive_order"))
    assert {*likely_for(probe, find_catalog().differences)} >= {"v6only-default", "passive-order"}
    assert "accept-nonblock" not in likely_for(probe, find_catalog().differences)
