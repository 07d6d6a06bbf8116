"""Text set for the page: code, probes by their sentences, and nothing unescaped."""

import pytest

from anyunix.report.page.prose import Prose, prose_of
from anyunix.results.model import ProbeText
from page_matrix import HOSTILE

TEXTS = (
    ProbeText("binding/test_a.py::test_served", "contract", "A client on `::` is served.", "", 3),
    ProbeText("binding/test_a.py::test_twice", "contract", "One thing.", "", 3),
    ProbeText("locking/test_b.py::test_twice", "contract", "Another thing.", "", 3),
)


def test_between_backticks_is_code() -> None:
    assert prose_of(())("took `::`, not ``a b``") == "took <code>::</code>, not <code>a b</code>"
    assert prose_of(())("a lone ` stays") == "a lone ` stays"


def test_a_probe_is_called_by_its_sentence() -> None:
    prose = prose_of(TEXTS)
    quoted = '<q title="test_served">A client on <code>::</code> is served</q>'
    assert prose("local: test_served, flaky") == f"local: {quoted}, flaky"
    assert '<q title="binding/test_a.py::test_served[ipv4]">' in prose("see binding/test_a.py::test_served[ipv4]: gone")
    assert prose("test_twice and test_unknown") == "test_twice and test_unknown"


def test_nothing_becomes_markup() -> None:
    said = prose_of((ProbeText("a::test_x", "fact", HOSTILE, "", 1),))(f"`{HOSTILE}` test_x {HOSTILE}")
    assert "<script" not in said
    assert "<img" not in said
    assert "\x1b" not in said


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["x", "a/", ".py::", "test_", "test_a["])
def test_a_text_that_is_made_to_be_slow_is_not(piece: str) -> None:
    text = piece * 60_000
    assert len(Prose({"test_b": "It is."})(text)) == len(text)
