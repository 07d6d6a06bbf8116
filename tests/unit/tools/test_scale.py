"""tools/scale.py: simulated cells, and the table; what is measured is left to the tool itself."""

import sys
from pathlib import Path
from statistics import mean

import pytest

pytest.importorskip("distributed")

from anyunix.catalog.lookup import Catalog
from anyunix.cluster.answer_message import read_answer
from anyunix.cluster.order_message import order_of
from anyunix.cluster.shared_key import signed
from anyunix.run.cell import SuiteOptions
from checkout import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from scales.figures import Figure, Record, read, table, write, write_into
from scales.simulated import answer_simulated, log_normal, simulated_cells, times_of

FIGURE = Figure("500 instant cells", "7.1 ms per cell", "≤ 30 ms", True, "3.5 s", "others 1 % of the CPU, load 0.1")


def test_a_simulated_cell_answers_with_a_result_of_its_own(catalog: Catalog) -> None:
    cells = simulated_cells(catalog, [0.0, 0.0])
    orders = [
        order_of(cell, SuiteOptions(catalog.suite), run="r", number=number, digests=("s", "t"), measures=False)
        for number, cell in enumerate(cells)
    ]
    answers = [answer_simulated(signed(order, b""), b"", b"") for order in orders]
    results = [read_answer(answer, cell, "w").result for answer, cell in zip(answers, cells, strict=True)]
    assert [result and (result.id, result.status) for result in results] == [(cell.id, "ran") for cell in cells]
    assert len({cell.id for cell in cells}) == 2


def test_times_are_the_same_in_each_run_and_have_their_mean(catalog: Catalog) -> None:
    seconds = log_normal(10_000, 2.0)
    assert seconds == log_normal(10_000, 2.0)
    assert mean(seconds) == pytest.approx(2.0, rel=0.1)
    assert max(seconds) > 10 * mean(seconds)
    cells = simulated_cells(catalog, seconds[:3])
    assert [times_of(cells)[cell.id] for cell in cells] == pytest.approx(seconds[:3], abs=1e-4)


def test_a_missed_target_is_said_to_be_missed() -> None:
    missed = Figure("w", "1.3 ×", "≤ 1.1 ×", False, "", "")
    none = Figure("v", "2 s", "", None, "", "")
    text = table(Record("m", {"instant": ("2026", (FIGURE,)), "makespan": ("2026", (missed, none))}))
    assert "≤ 30 ms: met" in text
    assert "≤ 1.1 ×: missed" in text
    assert "| v | **2 s** | – |" in text


def test_what_another_machine_measured_does_not_stay(tmp_path: Path) -> None:
    file = tmp_path / "new" / "scale.json"
    record = Record("this", {"instant": ("2026", (FIGURE,))})
    write(file, record)
    assert read(file, "this") == record
    assert read(file, "another") == Record("another")


def test_the_page_has_its_places(tmp_path: Path) -> None:
    page = tmp_path / "scale.md"
    page.write_text((ROOT / "docs" / "scale.md").read_text())
    write_into(page, Record("a machine", {"instant": ("2026-01-01 of `abc`", (FIGURE,))}))
    assert "a machine. Measured: 2026-01-01 of `abc`." in page.read_text()
    assert "**7.1 ms per cell**" in page.read_text()
