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


def test_each_outcome_has_its_status(tool: ModuleType) -> None:
    kept, broken = (Probe("a::b", "contract", outcome, "why\nmore") for outcome in ("passed", "failed"))
    left_out = Probe("a::c", "contract", "skipped", "left out: it does not promise it")
    off = Probe("a::d", "contract", "skipped", "not tried: it is linked statically")
    assert tool.status(result(kept, left_out)) == 0
    assert tool.status(result(kept, broken)) == 1
    assert tool.status(result(kept, off)) == 3
    assert tool.status(result(status="not-run")) == 3
    assert "1 kept, 0 broken, 1 left out" in next(tool.lines("it", result(kept, left_out)))
    assert "    a::b: why" in tool.lines("it", result(kept, broken))
    assert "    a::d: not tried: it is linked statically" in tool.lines("it", result(kept, off))
    assert next(tool.lines("it", result(status="not-run"))).endswith("c        not-run: no reason")


def test_a_name_that_nothing_has_is_a_usage_error(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["no-such"]) == 2
    assert "no difference and no system is called 'no-such'" in capsys.readouterr().err
