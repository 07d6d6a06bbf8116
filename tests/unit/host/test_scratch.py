"""Temporary folders: gone with their owner's end or at the next run's start, and never under a run that lives."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from anyunix.drivers.local import LocalDriver
from anyunix.errors import PlatformError
from anyunix.host.scratch import Scratch, left, remove_tree, scratch, sweep
from checkout import ROOT

HOLD = "from anyunix.host.scratch import Scratch; import sys; print(Scratch().path, flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def _top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("anyunix.host.scratch.SHORT", tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def holder(*before: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*before, sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_folder_goes_at_the_end_with_all_that_it_holds() -> None:
    with scratch() as folder:
        (folder / "closed").mkdir(mode=0o500)
        assert left() == [folder]
    assert not folder.exists()
    assert left() == []


def test_what_a_killed_process_left_is_swept_and_a_live_ones_stays(tmp_path: Path) -> None:
    with holder() as killed, holder() as alive:
        assert killed.stdout is not None
        assert alive.stdout is not None
        dead, live = Path(killed.stdout.readline().strip()), Path(alive.stdout.readline().strip())
        with scratch() as mine:
            killed.send_signal(signal.SIGKILL)
            killed.wait(10)
            assert sweep() == [dead]
            assert not dead.exists()
            assert live.is_dir()
            assert mine.is_dir()
        alive.kill()


def test_a_live_run_in_another_pid_namespace_is_not_swept() -> None:
    unshare = ("unshare", "-Urpf", "--kill-child")
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no PID namespaces here")
    with holder(*unshare) as elsewhere:
        assert elsewhere.stdout is not None
        folder = Path(elsewhere.stdout.readline().strip())
        assert sweep() == []
        assert folder.is_dir()
        elsewhere.kill()
        elsewhere.wait(10)
        elsewhere.stdout.read()  # until the one inside is gone too
        assert sweep() == [folder]


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """Folders of earlier versions, whose owners hold no lock; other names; a link to somewhere else."""
    (tmp_path / "target" / "inside").mkdir(parents=True)
    for name in ("anyunix-abcdefgh", "anyunix-out", "anyunix-0123456-abcdefgh", "anyunix-teeth-abcdefgh"):
        (tmp_path / name).mkdir()
    (tmp_path / "anyunix-01234567-abcdefgh").symlink_to(tmp_path / "target")
    before = set(tmp_path.iterdir())
    assert sweep() == []
    assert set(tmp_path.iterdir()) == before
    assert (tmp_path / "target" / "inside").is_dir()


def test_a_tree_that_forbids_it_is_removed_too() -> None:
    """As an ordinary user would: root is forbidden nothing."""
    tree = Path(tempfile.mkdtemp(prefix="anyunix-test-", dir="/tmp"))
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "file").touch()
    for folder in (tree / "a" / "b", tree / "a", tree):
        folder.chmod(0o000)
    if os.geteuid() == 0:
        for path in (tree, tree / "a", tree / "a" / "b"):
            os.chown(path, 65534, 65534)
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                remove_tree(tree)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    else:
        remove_tree(tree)
    there = list(tree.parent.glob(f"{tree.name}/*"))
    shutil.rmtree(tree, ignore_errors=True)
    assert there == []


def test_a_driver_that_is_down_makes_no_folder_any_more() -> None:
    driver = LocalDriver()
    driver.down()
    with pytest.raises(PlatformError, match="is down"):
        driver.up(lambda text: None)
    assert left() == []


def test_a_folder_that_is_swept_in_the_moment_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    real = tempfile.mkdtemp

    def mkdtemp(*, prefix: str, dir: Path | None) -> str:
        made.append(Path(real(prefix=prefix, dir=dir)))
        if len(made) == 1:
            sweep()
        return str(made[-1])

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    folder = Scratch()
    assert [path.exists() for path in made] == [False, True]
    folder.remove()


THERE = ("remote", "ssh_remote.py", "netns_remote.py", "repro_remote.py", "scratch.py")
"""What runs on a platform, in a folder that is removed whole; and the one place that makes folders here."""


def test_no_other_module_makes_temporary_folders() -> None:
    """One that nobody owns would stay when its run is killed."""
    for path in (ROOT / "anyunix").rglob("*.py"):
        if not set(THERE) & set(path.parts):
            assert "mkdtemp(prefix" not in path.read_text(), path
            assert "TemporaryDirectory" not in path.read_text(), path
