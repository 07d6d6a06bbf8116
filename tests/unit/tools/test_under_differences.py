"""tools/under_differences.py: what is broken, not on or not run is never counted as kept."""

import importlib.util
from types import ModuleType

import pytest

from anyunix.results.model import CellResult, Probe
from checkout import ROOT


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("under_differences", ROOT / "tools" / "under_differences.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result(*probes: Probe, status: str = "ran") -> CellResult:
    return CellResult("c", "local+it", "dual", status, "no reason", probes=probes)  # type: ignore[arg-type]


def test_each_outcome_has_its_status(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    kept, broken = (Probe("a::b", "contract", outcome, "why\nmore") for outcome in ("passed", "failed"))
    left_out = Probe("a::c", "contract", "skipped", "left out: it does not promise it")
    off = Probe("a::d", "contract", "skipped", "not tried: it is linked statically")
    assert tool.said("it", result(kept, left_out)) == 0
    assert tool.said("it", result(kept, broken)) == 1
    assert tool.said("it", result(kept, off)) == 3
    assert tool.said("it", result(status="not-run")) == 3
    said = capsys.readouterr().out
    assert "1 kept, 0 broken, 1 left out" in said
    assert "    a::b: why\n" in said
    assert "    a::d: not tried: it is linked statically\n" in said


def test_a_name_that_nothing_has_is_a_usage_error(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["no-such"]) == 2
    assert "no difference and no system is called 'no-such'" in capsys.readouterr().err
