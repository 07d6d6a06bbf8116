"""How like a system a likeness of it is."""

from anyunix.analysis.likeness import likeness, likenesses, said_of
from anyunix.catalog.known_systems import KnownSystem
from anyunix.results.model import Matrix, PlatformResult

MEASURED = KnownSystem(
    "freebsd", "FreeBSD 14.0", True, {"a.x": 1, "a.y": True, "b.z": "ok", "c.n": 8}, {"c.n": "fixed"}
)
DOCUMENTED = KnownSystem("openbsd", "OpenBSD", False, {"a.x": 1, "a.y": True}, {})
HERE = PlatformResult(
    "like-freebsd", "t", "netns", "ran", facts={"a.x": 1, "a.y": 1, "c.n": 4}, like="freebsd", differences=("x",)
)


def test_what_holds_is_the_same_value_of_the_same_type() -> None:
    found = likeness(HERE, MEASURED)
    assert (found.held, found.other, found.unmeasured) == (("a.x",), ("a.y", "c.n"), ("b.z",))
    assert found.known == 4


def test_a_measured_system_is_said_to_be_measured_and_beside_what() -> None:
    assert said_of(likeness(HERE, MEASURED)) == (
        "like-freebsd: 1 of the 4 facts in which FreeBSD 14.0 (measured) differs from Debian 13 hold here; "
        "not emulated: a.y, c.n (fixed); not measured here: b.z"
    )


def test_a_documented_system_is_said_to_be_documented() -> None:
    assert said_of(likeness(HERE, DOCUMENTED)) == (
        "like-freebsd: 1 of the 2 documented facts of OpenBSD hold here; not emulated: a.y"
    )


def test_what_varied_here_does_not_hold() -> None:
    wobbly = PlatformResult("l", "t", "netns", "ran", unstable={"a.x": (1, 2)}, like="openbsd")
    assert likeness(wobbly, DOCUMENTED).other == ("a.x",)


def test_only_what_ran_and_is_to_be_like_a_system_has_one() -> None:
    platforms = (
        HERE,
        PlatformResult("like-openbsd", "t", "netns", "not-run", like="openbsd"),
        PlatformResult("local-v6only", "t", "netns", "ran", differences=("x",)),
        PlatformResult("freebsd", "t", "vagrant", "ran"),
    )
    found = likenesses(Matrix(platforms, (), "local"), lambda system: MEASURED)
    assert [each.platform for each in found] == ["like-freebsd"]
