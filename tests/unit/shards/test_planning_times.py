"""`anyunix plan` without --times: shards are balanced by what cells took on this machine."""

import json
from pathlib import Path

import pytest

from anyunix.cli import main
from anyunix.results.model import CellResult, Probe
from anyunix.run.cell_times import cell_times_file, keep_cell_times


def test_what_cells_took_here_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = cell_times_file()
    assert path is not None
    assert path.is_relative_to(tmp_path)
    probe = Probe("a::b", "contract", "passed", seconds=1.0)
    took = {"dual": 90.0, "ipv4": 50.0, "ipv6": 30.0}
    keep_cell_times(
        path, [CellResult("c", "local", bind, "ran", probes=(probe,), seconds=each) for bind, each in took.items()]
    )
    binds = [word for bind in took for word in ("--bind", bind)]
    assert main(["plan", "--platform", "local", "--subject", "c", *binds, "--shards", "2"]) == 0
    shards = json.loads(capsys.readouterr().out)["shards"]
    assert {shard["seconds"]: {cell["bind"] for cell in shard["cells"]} for shard in shards} == {
        90.0: {"dual"},
        80.0: {"ipv4", "ipv6"},
    }
