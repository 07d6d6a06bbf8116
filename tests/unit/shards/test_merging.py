"""`anyunix plan` and `anyunix merge`: a matrix on several machines is the matrix of one."""

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anyunix.cli import main
from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import encode
from anyunix.results.model import CellId, CellResult, Identity, Matrix, PlatformResult, Probe, Status, WorkerResult
from anyunix.shards.merging import Part, merge, read_parts
from anyunix.shards.planning import Plan, PlannedCell, Wish, make_plan, read_plan

IDENTITY = Identity("1", "suite", {"c": "files"})


def cell(name: str, status: Status = "ran", facts: dict[str, Any] | None = None) -> CellResult:
    probes = (Probe("g/test_x.py::test_a", "contract", "passed", facts=facts or {}),) if status == "ran" else ()
    return CellResult("c", name, "dual", status, "" if status == "ran" else "engine gone", probes=probes)


def part(started: str, *cells: CellResult, identity: Identity | None = IDENTITY, title: str = "") -> Part:
    platforms = tuple(
        PlatformResult(each.platform, title or each.platform, "local", each.status, each.reason) for each in cells
    )
    return Part(Path(started), Matrix(platforms, cells, "a", started=started, identity=identity))


def planned(*names: str) -> tuple[PlannedCell, ...]:
    return tuple(PlannedCell("c", name, "dual", ("c", name, "dual")) for name in names)


def plan_of(*names: str, required: tuple[str, ...] = ()) -> Plan:
    return Plan(planned(*names), (), IDENTITY, required=required)


def test_shards_are_balanced_by_what_cells_took() -> None:
    times = {
        CellId("c", "dual", name): seconds
        for name, seconds in {"a": 100.0, "b": 60.0, "d": 50.0, "e": 10.0, "f": 10.0}.items()
    }
    plan = make_plan(planned("e", "a", "b", "d", "f", "new"), 2, times, IDENTITY, Wish(Path("out")))
    assert sorted(shard.seconds for shard in plan.shards) == [130.0, 150.0]  # "new" counts as the median, 50
    assert sorted(each.platform for shard in plan.shards for each in shard.cells) == ["a", "b", "d", "e", "f", "new"]
    assert len(make_plan(planned("a", "b"), 5, {}, IDENTITY, Wish(Path("out"))).shards) == 2


def test_a_command_requires_what_is_in_its_shard_alone() -> None:
    wish = Wish(Path("out"), ("--timeout=9",), required={"a": "./a.yaml"})
    plan = make_plan(planned("a", "b"), 2, {}, IDENTITY, wish)
    commands = [shlex.join(shard.command) for shard in plan.shards]
    assert commands == [
        "anyunix run --shard 1/2 --cell c a dual --require ./a.yaml --timeout=9 --out out/shard-1",
        "anyunix run --shard 2/2 --cell c b dual --timeout=9 --out out/shard-2",
    ]


def test_the_newest_complete_result_of_a_cell_is_taken() -> None:
    died, again = part("2026-01-01", cell("a", "error"), cell("b")), part("2026-01-02", cell("a"))
    late = part("2026-01-03", cell("a", "not-run"), cell("b", facts={"x": 2}))
    merged = merge([late, again, died], None, None, ())
    assert [(each.platform, each.status, dict(each.facts)) for each in merged.matrix.cells] == [
        ("a", "ran", {}),
        ("b", "ran", {"x": 2}),
    ]
    assert merged.sources == {"a-c-dual": Path("2026-01-02"), "b-c-dual": Path("2026-01-03")}


def test_facts_that_shards_do_not_agree_on_have_varied() -> None:
    merged = merge(
        [part("1", cell("a", facts={"x": 1})), part("2", replace(cell("a", facts={"x": 2}), bind="ipv4"))],
        None,
        None,
        (),
    )
    platform = merged.matrix.platforms[0]
    assert (dict(platform.facts), dict(platform.unstable)) == ({}, {"x": (1, 2)})


def test_workers_of_all_parts_are_put_together() -> None:
    def with_worker(part: Part, worker: str, *workers: WorkerResult) -> Part:
        cells = tuple(replace(cell, worker=worker) for cell in part.matrix.cells)
        return replace(part, matrix=replace(part.matrix, cells=cells, workers=workers))

    one = with_worker(part("1", cell("a")), "w1", WorkerResult("w1", 3), WorkerResult("w2", 1, "gone"))
    two = with_worker(part("2", cell("b")), "w2", WorkerResult("w2", 4), WorkerResult("w3", 0))
    merged = merge([one, two, part("3", cell("d"))], None, None, ()).matrix
    assert merged.workers == (WorkerResult("w1", 3), WorkerResult("w2", 5, "gone"), WorkerResult("w3", 0))
    assert [(each.platform, each.worker) for each in merged.cells] == [("a", "w1"), ("b", "w2"), ("d", "")]


def test_planned_cells_that_nobody_brought_are_not_run() -> None:
    merged = merge([part("1", cell("a"))], plan_of("a", "b", required=("b",)), None, ())
    assert [(each.platform, each.status, each.reason) for each in merged.matrix.cells] == [
        ("a", "ran", ""),
        ("b", "not-run", "no shard brought it"),
    ]
    assert merged.matrix.required == ("b",)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (part("2", cell("b"), identity=Identity("2", "suite", {"c": "files"})), "another version of anyunix than in 1"),
        (part("2", cell("b"), identity=Identity("1", "other", {"c": "files"})), "another suite than in 1"),
        (part("2", cell("b"), identity=Identity("1", "suite", {"c": "other"})), "another subject c than in 1"),
        (part("2", cell("b"), identity=None), "an older anyunix wrote it"),
        (part("2", cell("a"), title="another one"), "its platform 'a' is 'another one', in 1 it is 'a'"),
    ],
)
def test_results_of_different_things_are_refused(other: Part, said: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        merge([part("1", cell("a")), other], None, None, ())
    with pytest.raises(ConfigurationError, match="another suite than in the plan"):
        merge([part("1", cell("a"))], replace(plan_of("a"), identity=Identity("1", "newer", {})), None, ())


def test_results_are_found_below_a_folder(tmp_path: Path) -> None:
    for name in ("one", "two/deep"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "matrix.json").write_bytes(encode(part("1", cell("a")).matrix))
    assert [each.folder for each in read_parts([tmp_path])] == [tmp_path / "one", tmp_path / "two" / "deep"]
    assert [each.folder for each in read_parts([tmp_path / "one" / "matrix.json"])] == [tmp_path / "one"]
    (tmp_path / "none").mkdir()
    with pytest.raises(ConfigurationError, match=r"no matrix\.json in it or below it"):
        read_parts([tmp_path / "none"])


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": 2}', '{"schema": 1, "cells": 5}'])
def test_a_bad_plan_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"plan\.json: (no|not a) plan of"):
        read_plan(tmp_path / "plan.json")


@pytest.fixture
def hostile(tmp_path: Path) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        (tmp_path / "part").mkdir()
        (tmp_path / "part" / "matrix.json").write_text(content)
        return tmp_path / "part"

    return write


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 1, "platforms": [], "cells": [{}], "reference": ""}'])
def test_a_broken_part_is_an_error_that_names_it(
    hostile: Callable[[str], Path], content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["merge", str(hostile(content))]) == 2
    assert "part/matrix.json: " in capsys.readouterr().err
