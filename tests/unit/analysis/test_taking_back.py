"""What a subject file says of contracts that its server does not mean to keep."""

import pytest
import yaml

from anyunix.analysis.taking_back import promises_to_paste, taken_back
from anyunix.analysis.verdict import judge
from anyunix.catalog.subjects import PROMISES
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe


def failed(name: str, *promises: str) -> Probe:
    return Probe(f"signals/test_x.py::test_{name}", "contract", "failed", promises=promises)


def judged(*probes: Probe) -> Matrix:
    platforms = (PlatformResult("a", "", "local", "ran"),)
    return judge(Matrix(platforms, (CellResult("my", "a", "default", "ran", probes=probes),), "a"))


@pytest.mark.parametrize(
    ("promises", "words"),
    [
        (("ipv6",), "promises: {ipv6: false}"),
        (("ipv4", "without_ipv6"), "promises: {without_ipv6: false}"),
        (("reload",), "promises: {reload: false}"),
        (("children_killed",), "promises: {children_killed: ends} (or false)"),
        (("sigterm",), "promises: {sigterm: alone} (or slow, survives, either, false)"),
        ((), ""),
        (("no word of ours",), ""),
    ],
)
def test_what_takes_a_contract_back(promises: tuple[str, ...], words: str) -> None:
    """Another value of the promise's words than the one that a server makes without saying so."""
    assert taken_back(failed("x", *promises)) == words


def test_every_promise_can_be_taken_back() -> None:
    for word in PROMISES:
        matrix = judged(failed("x", word))
        (said,) = yaml.safe_load("\n".join(promises_to_paste(matrix, matrix.verdicts[0])))["promises"].items()
        assert said[0] == word
        assert said[1] in PROMISES[word]


def test_all_that_is_kept_nowhere_is_taken_back_by_one_block() -> None:
    """Each word once; what no word takes back is not in it."""
    matrix = judged(failed("x", "ipv6"), failed("y", "sigterm"), failed("z", "at_once", "ipv6"), failed("own"))
    assert promises_to_paste(matrix, matrix.verdicts[0]) == [
        "promises:",
        "  ipv6: false                # not: IPv6 clients are served where the platform has IPv6",
        "  sigterm: alone             # not: ends with all its processes within 2 s; or: slow, survives, either, false",
    ]


def test_what_is_kept_takes_nothing_back() -> None:
    matrix = judged(Probe("signals/test_x.py::test_x", "contract", "passed", promises=("ipv6",)), failed("own"))
    assert promises_to_paste(matrix, matrix.verdicts[0]) == []
