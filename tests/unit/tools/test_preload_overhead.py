"""tools/preload_overhead.py: pairs of one round are compared, and more of what is wanted is less overhead."""

import importlib.util
import sys
from types import ModuleType

import pytest

from checkout import ROOT


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location("preload_overhead", ROOT / "tools" / "preload_overhead.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "preload_overhead", module)
    spec.loader.exec_module(module)
    return module


def test_the_overhead_is_the_median_of_the_rounds(tool: ModuleType) -> None:
    found = tool.overhead([10.0, 20.0, 40.0], [11.0, 20.0, 42.0], more_is_better=False)
    assert (found.plain, found.preloaded) == (20.0, 20.0)
    assert found.median == pytest.approx(5.0)
    assert (found.quarter, found.three_quarters) == pytest.approx((2.5, 7.5))
    assert tool.overhead([200.0, 100.0], [100.0, 50.0], more_is_better=True).median == pytest.approx(100.0)


def test_a_measure_that_some_round_has_not_is_in_no_table(tool: ModuleType) -> None:
    one = {("chat-c", "messages/s"): 100.0, ("fork-c", "CPU %"): 10.0}
    rounds = [{"plain": one, "macos": one}, {"plain": one, "macos": {("fork-c", "CPU %"): 11.0}}]
    assert tool.table(rounds, ["macos"])[2:] == ["| macos | fork-c | CPU % | 10.00 | 10.50 | +5.0 | +2.5 to +7.5 |"]


def test_bad_orders_are_usage(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["freebds"]) == 2
    assert "freebsd" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        tool.main(["--rounds", "1"])
    assert "--rounds 1: at least 2" in capsys.readouterr().err
