"""tools/kills.py: it sees what is left, or its table says nothing."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from anyunix.host.owner import own
from checkout import ROOT

TOOL = ROOT / "tools" / "kills.py"


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    spec = importlib.util.spec_from_file_location("kills", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "kills", module)
    spec.loader.exec_module(module)
    return module


def test_processes_and_folders_that_are_left_are_counted_by_their_kind(kills: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "tmp" / f"anyunix-{own().short}-abcdefgh"
    folder.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"], cwd=folder, env={}) as process:
        run = kills.Run("SIGKILL", process, -1, {own()}, ended=True)
        try:
            after = kills.found(tmp_path, [run])
        finally:
            process.kill()
    assert dict(after) == {("SIGKILL", "process"): 1, ("SIGKILL", "folder"): 1}
    last = kills.table([run], after, after).splitlines()[-1]
    assert last.split() == ["all", "1", "0", "2", "1", "0", "0", "1", "0", "0"]
    assert len(kills.KINDS) == 9
