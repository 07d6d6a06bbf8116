"""What a client of RFC 8305 would need, computed: every case by hand."""

import pytest

from anyunix.check.happy_eyeballs import Raced, race
from anyunix.check.name_lookups import Lookup
from anyunix.check.reach import Reach, Timing


def answers(address: str, milliseconds: float) -> Reach:
    return Reach(address, "answered", connect=Timing((milliseconds,)))


def refuses(address: str, milliseconds: float) -> Reach:
    return Reach(address, "refused", "Connection refused", failed_ms=milliseconds)


def silent(address: str) -> Reach:
    return Reach(address, "timed out", "timed out", failed_ms=5000.0)


def names(ipv4: float, ipv6: float, *, v6: tuple[str, ...] = ("::1",)) -> list[Lookup]:
    """The times of both answers in milliseconds."""
    return [Lookup("IPv4", ("192.0.2.1",), ipv4), Lookup("IPv6", v6, ipv6, "" if v6 else "no address")]


@pytest.mark.parametrize(
    ("reaches", "lookups", "expected"),
    [
        pytest.param([answers("::1", 30), answers("192.0.2.1", 5)], [], Raced(30, "::1"), id="first-in-time"),
        pytest.param([silent("::1"), answers("192.0.2.1", 5)], [], Raced(255, "192.0.2.1"), id="after-the-delay"),
        pytest.param([refuses("::1", 2), answers("192.0.2.1", 5)], [], Raced(7, "192.0.2.1"), id="after-the-failure"),
        pytest.param([answers("::1", 400), answers("192.0.2.1", 5)], [], Raced(255, "192.0.2.1"), id="overtaken"),
        pytest.param([answers("::1", 251), answers("192.0.2.1", 5)], [], Raced(251, "::1"), id="just-not-overtaken"),
        pytest.param(
            [silent("::1"), silent("::2"), answers("192.0.2.1", 5)], [], Raced(255, "192.0.2.1"), id="families-in-turn"
        ),
        pytest.param([silent("::1"), refuses("192.0.2.1", 1)], [], None, id="nobody"),
        pytest.param(
            [answers("::1", 30), answers("192.0.2.1", 5)], names(10, 8), Raced(38, "::1"), id="ipv6-is-known-first"
        ),
        pytest.param(
            [answers("::1", 30), answers("192.0.2.1", 5)], names(10, 40), Raced(70, "::1"), id="ipv6-is-waited-for"
        ),
        pytest.param(
            [answers("::1", 30), answers("192.0.2.1", 5)], names(10, 500), Raced(65, "192.0.2.1"), id="but-50-ms-alone"
        ),
        pytest.param(
            [answers("192.0.2.1", 5)], names(10, 30, v6=()), Raced(35, "192.0.2.1"), id="no-ipv6-is-an-answer"
        ),
        pytest.param([answers("192.0.2.1", 5)], names(30, 10, v6=()), Raced(35, "192.0.2.1"), id="known-before"),
    ],
)
def test_the_time_is_that_of_the_rfc(reaches: list[Reach], lookups: list[Lookup], expected: Raced | None) -> None:
    assert race(reaches, lookups) == expected
