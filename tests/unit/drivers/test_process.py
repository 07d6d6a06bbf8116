"""Processes on this machine."""

from pathlib import Path

from anyunix.drivers.process import Processes


def test_a_makefile_that_names_its_folder_by_pwd_builds_there(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("all:\n\ttouch $(PWD)/made\n")
    done = Processes().run(["make", "-s"], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, timeout=60, say=None)
    assert (done.status, done.stderr) == (0, "")
    assert (tmp_path / "made").exists()
