"""tools/outcomes.py: what came out of many matrices is compared probe by probe, wherever a fact's probes are kept."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import encode
from anyunix.results.model import CellResult, Matrix, Outcome, PlatformResult, Probe
from checkout import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import outcomes
from outcomes import Outcomes, differing_outcomes, differing_values, gathered, lines

CONTRACT, FACT = "chat/test_x_contracts.py::test_a", "binding/test_y_facts.py::test_b"


def matrix(
    outcome: Outcome = "passed",
    *,
    fact: Outcome = "passed",
    value: object = 1,
    subjects: Sequence[str] = ("c", "python"),
) -> Matrix:
    probes = (Probe(CONTRACT, "contract", outcome, "it said no\nmore" if outcome != "passed" else ""),)
    measured = Probe(FACT, "fact", fact, "no IPv6" if fact == "skipped" else "", facts={"y": value})
    return Matrix(
        (PlatformResult("local", "here", "local", "ran", facts={"y": value}),),
        tuple(CellResult(subject, "local", "dual", "ran", probes=(*probes, measured)) for subject in subjects),
        "local",
    )


@dataclass(frozen=True)
class PlatformWithProbes(PlatformResult):
    """A platform that holds its facts' probes itself."""

    probes: tuple[Probe, ...] = ()


def of(*several: Matrix) -> Outcomes:
    found = Outcomes()
    for each in several:
        found.add(each)
    return found


def shown(old: Outcomes, new: Outcomes) -> list[str]:
    return [line for each in differing_outcomes(old, new) for line in lines(each)]


def test_the_same_shares_are_no_difference_however_many_matrices_there_are() -> None:
    old, new = of(matrix(), matrix("failed")), of(matrix(), matrix("failed"), matrix(), matrix("failed"))
    assert shown(old, new) == []
    assert differing_values(old, new) == []


def test_what_differs_is_printed_once_with_its_places_and_reasons() -> None:
    assert shown(of(matrix(), matrix()), of(matrix(), matrix("skipped"))) == [
        f"{CONTRACT}: passed 2 → passed 1, skipped 1",
        "    local c dual, local python dual",
        "    after, 2 × skipped: it said no",
    ]


def test_a_probe_and_a_cell_that_are_gone_are_differences() -> None:
    assert shown(of(matrix()), of(matrix(subjects=["c"]))) == [
        f"{CONTRACT}: passed 1 → not there 1",
        "    local python dual",
        f"{outcomes.CELL}: ran 1 → not there 1",
        "    local python dual",
    ]


def test_a_facts_probe_is_the_platforms_however_many_cells_have_it() -> None:
    whole = matrix()
    once = Matrix(
        whole.platforms,
        tuple(
            CellResult(cell.subject, "local", "dual", "ran", probes=cell.probes if number == 0 else cell.probes[:1])
            for number, cell in enumerate(whole.cells)
        ),
        "local",
    )
    beside = Matrix(
        (PlatformWithProbes("local", "here", "local", "ran", facts={"y": 1}, probes=whole.cells[0].probes[1:]),),
        tuple(CellResult(cell.subject, "local", "dual", "ran", probes=cell.probes[:1]) for cell in whole.cells),
        "local",
    )
    for each in (once, beside):
        assert shown(of(whole), of(each)) == []
    assert shown(of(whole), of(matrix(fact="skipped"))) == [
        f"{FACT}: passed 1 → skipped 1",
        "    local",
        "    after, 1 × skipped: no IPv6",
    ]


@pytest.mark.parametrize(("value", "said"), [(2, "2"), (True, "true"), ([1], "[1]")])
def test_a_value_that_only_one_side_has_is_a_difference(value: Any, said: str) -> None:
    (difference,) = differing_values(of(matrix()), of(matrix(), matrix(value=value)))
    assert list(lines(difference)) == [f"y: 1 → {' or '.join(sorted(('1', said)))}", "    local"]


def test_matrices_are_found_below_a_folder(tmp_path: Path) -> None:
    for number in ("01", "02"):
        (tmp_path / number).mkdir()
        (tmp_path / number / "matrix.json").write_bytes(encode(matrix()))
    assert gathered(tmp_path).matrices == 2
    assert gathered(tmp_path / "01" / "matrix.json").tally((CONTRACT, "local c dual")) == {"passed": 1}
    (tmp_path / "none").mkdir()
    with pytest.raises(ConfigurationError, match=r"no matrix\.json in this folder"):
        gathered(tmp_path / "none")


def test_the_exit_status_says_whether_there_are_differences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, each in (("old", matrix()), ("same", matrix()), ("new", matrix("flaky"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "matrix.json").write_bytes(encode(each))

    def status(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["outcomes", *(str(tmp_path / word) for word in words)])
        return outcomes.main()

    assert (status("old", "same"), status("old", "new"), status("old", "nowhere")) == (0, 1, 2)
    assert "passed 1 → flaky 1" in capsys.readouterr().out
