"""`anyunix preflight`: go, no-go and no answer, from results and on a real target."""

from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.analysis.readiness import best_of, preflight
from anyunix.cli import main
from anyunix.errors import ConfigurationError
from anyunix.results.model import CellResult, Matrix, Outcome, PlatformResult, Probe

SERVED, OTHER = "binding/test_x.py::test_served", "binding/test_x.py::test_other"


def run_of(platform: str, outcome: Outcome, default: int, status: str = "ran") -> Matrix:
    probes = (
        Probe(SERVED, "contract", outcome, explained_by=("ipv6.default",)),
        Probe(OTHER, "contract", "passed"),
        Probe("binding/test_y.py::test_fact", "fact", "passed", facts={"ipv6.default": default}),
    )
    cell = CellResult(
        "c",
        platform,
        "dual",
        status,
        "" if status == "ran" else "no host",  # type: ignore[arg-type]
        probes=probes if status == "ran" else (),
    )
    facts = {"ipv6.default": default} if status == "ran" else {}
    target = PlatformResult(platform, platform, "ssh", cell.status, cell.reason, facts=facts)
    return Matrix((target,), (cell,), platform)


@pytest.mark.parametrize(
    ("target", "answer", "status"),
    [
        (run_of("host", "passed", 0), "go", 0),
        (run_of("host", "failed", 0), "no-go", 1),
        (run_of("host", "passed", 0, "not-run"), "no answer", 3),
        (run_of("host", "passed", 0, "error"), "no answer", 3),
    ],
)
def test_contracts_decide(target: Matrix, answer: str, status: int) -> None:
    for baseline in (None, run_of("debian", "passed", 0)):
        found = preflight(target, baseline)
        assert (found.answer, found.exit_status, found.facts) == (answer, status, ())


def test_a_fact_that_differs_names_what_it_may_explain() -> None:
    failing = preflight(run_of("host", "failed", 1), run_of("debian", "passed", 0))
    assert [(each.fact.name, each.failing, each.kept) for each in failing.facts] == [("ipv6.default", ("served",), ())]
    assert "ipv6.default" in failing.matrix.verdicts[0].because[0]
    kept = preflight(run_of("host", "passed", 1), run_of("host", "passed", 0))  # a baseline of the same name
    assert [(each.failing, each.kept) for each in kept.facts] == [((), ("served",))]
    assert kept.answer == "go"


def test_the_baseline_is_the_reference_unless_another_one_kept_more() -> None:
    good, bad = run_of("alpine", "passed", 0), run_of("debian", "failed", 0)
    both = replace(good, platforms=good.platforms + bad.platforms, cells=bad.cells + good.cells, reference="debian")
    assert best_of(both, "c", "dual")[0].name == "alpine"
    with pytest.raises(ConfigurationError, match="nothing of c with bind ipv4; it holds c dual"):
        best_of(both, "c", "ipv4")
    with pytest.raises(ConfigurationError, match="ran on no platform of that run"):
        best_of(run_of("debian", "passed", 0, "error"), "c", "dual")


def test_a_baseline_that_has_failures_is_taken_and_that_is_said() -> None:
    bad = run_of("debian", "failed", 0)
    assert best_of(bad, "c", "dual")[0].name == "debian"
    found = preflight(run_of("host", "passed", 1), bad)
    assert (found.answer, found.known_good, found.broken_before) == ("go", "debian-baseline", ("served",))
    assert preflight(run_of("host", "passed", 1), run_of("debian", "passed", 0)).broken_before == ()


def test_what_is_wrong_with_the_order_is_said_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["preflight", "local", "--subject", "python", "--bind", "dul"]) == 2
    assert "it has dual, ipv4, ipv6, first" in capsys.readouterr().err
    assert main(["preflight", "local", "--subject", "python", "--baseline", str(tmp_path)]) == 2
    assert "matrix.json" in capsys.readouterr().err
