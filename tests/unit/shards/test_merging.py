"""`anyunix plan` and `anyunix merge`: a matrix on several machines is the matrix of one."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyunix.cli import main
from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import encode
from anyunix.results.model import CellResult, Identity, Matrix, PlatformResult, Probe, Status
from anyunix.shards.merging import Part, merge, read_parts
from anyunix.shards.planning import Plan, PlannedCell, Wish, make_plan, read_plan
from checkout import HELPERS

IDENTITY = Identity("1", "suite", {"c": "files"})
SERVER = HELPERS / "any_server.py"
ONE_PROBE = "test_a_client_on_ipv4_loopback_is_served or test_v6only_can_be_set"


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
        ("c", name, "dual"): seconds
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
def twelve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two subjects on three platforms in two bind modes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / SERVER.name).write_text(SERVER.read_text())
    options = []
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(
            f"title: {name}\nfiles: [{SERVER.name}]\nstart: ['{{python}}', {SERVER.name}, '{{port}}']\n"
            "ready: {port: true}\nbind: {dual: [], v4: [IPv4 alone]}\n"
        )
        options += ["--subject", f"./{name}.yaml"]
    for name in ("x", "y", "z"):
        (tmp_path / f"{name}.yaml").write_text(f"title: {name}\ndriver: local\n")
        options += ["--platform", f"./{name}.yaml"]
    return [*options, "--bind", "dual", "--bind", "v4", "-k", ONE_PROBE]


def without_times(path: Path) -> Any:
    """A matrix.json without what differs from run to run of the same thing."""

    def stripped(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: stripped(each) for key, each in value.items() if key not in ("seconds", "started")}
        return [stripped(each) for each in value] if isinstance(value, list) else value

    return stripped(json.loads(path.read_text()))


def test_twelve_cells_in_three_processes_are_one_run(
    twelve: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", *twelve, "--shards", "3", "--results", "parts", "--out", "plan.json"]) == 0
    assert capsys.readouterr().out == "plan.json: 12 cells in 3 shards\n"
    shards = json.loads((tmp_path / "plan.json").read_text())["shards"]
    assert [len(shard["cells"]) for shard in shards] == [4, 4, 4]
    processes = [
        subprocess.Popen([sys.executable, "-m", *shard["command"]], stdout=subprocess.DEVNULL) for shard in shards
    ]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    assert main(["run", *twelve, "--out", "whole"]) == 0
    assert main(["merge", "parts", "--plan", "plan.json", "--out", "merged"]) == 0
    assert without_times(tmp_path / "merged" / "matrix.json") == without_times(tmp_path / "whole" / "matrix.json")
    files = [
        sorted(file.relative_to(tmp_path / run) for file in (tmp_path / run).rglob("*") if file.is_file())
        for run in ("merged", "whole")
    ]
    assert files[0] == files[1]
    capsys.readouterr()
    some = ["parts/shard-1", "parts/shard-9", "--plan", "plan.json", "--out", "some"]  # the last of them died
    assert main(["merge", *some, "--require", "y"]) == 3
    assert "planned, and in no shard: " in capsys.readouterr().out


def test_a_plan_for_a_ci_system_holds_commands_that_run(
    twelve: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["plan", *twelve, "--shards", "4", "--format", "github"]) == 0
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    rows = json.loads(line)["include"]
    assert [row["shard"] for row in rows] == ["1", "2", "3", "4"]
    assert main(["plan", *twelve, "--shards", "4", "--format", "gitlab"]) == 0
    jobs = yaml.safe_load(capsys.readouterr().out)
    assert jobs["anyunix 4/4"]["script"][-1] == rows[3]["command"]
    assert jobs["anyunix 4/4"]["artifacts"]["paths"] == [rows[3]["out"]]
    assert {need.get("job") for need in jobs["verdict"]["needs"]} == {"plan", *(f"anyunix {n}/4" for n in range(1, 5))}
    assert main(["merge", *(row["out"] for row in rows)]) == 2
    assert "no matrix.json in it or below it" in capsys.readouterr().err
    assert main(shlex.split(rows[3]["command"])[1:]) == 0
    assert (tmp_path / rows[3]["out"] / "matrix.json").is_file()


def test_a_shard_says_that_it_ran_and_not_that_it_is_portable(twelve: list[str]) -> None:
    faulty = Path("one.yaml").read_text().replace("[IPv4 alone]", "[IPv6 alone]")
    Path("one.yaml").write_text(faulty)
    command = ["run", "--cell", "./one.yaml", "./x.yaml", "v4", "-k", ONE_PROBE, "--trace", "never"]
    assert main([*command, "--out", "whole"]) == 1
    assert main([*command, "--out", "part", "--shard", "1/1"]) == 0
    assert main(["merge", "part", "--out", "merged"]) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--cell", "./one.yaml", "./x.yaml", "dul"], "has no such mode; it has dual, v4"),
        (["--cell", "./one.yaml", "./x.yaml", "dual", "--bind", "dual"], "--cell says it all"),
        (["--cell", "./one.yaml", "./x.yaml", "dual", "--require", "local"], "--require local: no --cell is on it"),
        (["--cell", "./one.yaml", "./none.yaml", "dual"], "no such platform file"),
    ],
)
def test_a_cell_that_cannot_be_is_usage(
    twelve: list[str], options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *options]) == 2
    assert said in capsys.readouterr().err


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
