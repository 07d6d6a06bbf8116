"""`anyunix plan` and `anyunix merge`, really run: a matrix on several machines is the matrix of one."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from anyunix.cli import main
from anyunix.results.matrix_file import read_matrix
from checkout import HELPERS
from timeless import without_times

SERVER = HELPERS / "any_server.py"


ONE_PROBE = "test_a_client_on_ipv4_loopback_is_served or test_v6only_can_be_set"


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
    merged, whole = (read_matrix(tmp_path / run) for run in ("merged", "whole"))
    assert without_times(merged) == without_times(whole)
    assert merged.cells
    files = [
        sorted(file.relative_to(tmp_path / run) for file in (tmp_path / run).rglob("*") if file.is_file())
        for run in ("merged", "whole")
    ]
    assert [*files[0], Path("run.journal")] == files[1], "what merges runs nothing"
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
