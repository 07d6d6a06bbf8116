"""Facts: the file system under the log, and locks across an overlay's copy-up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.filesystems import filesystem_of

SUITE = Path(__file__).parents[1]
NAMESPACES = (["unshare", "-m"], ["unshare", "-r", "-m"])


def test_file_system_under_the_log(fact, work):
    """Which file system do the probes' logs and lock files lie on?

    Everything in this group holds for it alone: on NFS, CIFS and some FUSE file systems flock is emulated by fcntl,
    mandatory or missing, and O_APPEND is not atomic (flock(2), open(2)).
    """
    name = filesystem_of(work)
    if name is None:
        pytest.skip("neither /proc/self/mountinfo nor mount(8) tells")
    fact("filesystem.type", name)


def test_lock_over_copy_up(fact, work):
    """Does a lock on a file of a lower layer, as a container's image is, survive the file's copy-up?

    Linux since 4.9 keeps locks on the overlay's own inode: yes ("locks: fix file locking on overlayfs"). Before, the
    reader kept its lock on the lower file and the writer got one on the copy. Mounts an overlay of its own.
    """
    answers = json.loads(in_a_mount_namespace(sys.executable, "-S", "-m", "support.overlay", str(work)))
    for name, kept in answers.items():
        fact(f"overlay.{name}_kept_over_copy_up", kept)


def in_a_mount_namespace(*command: str) -> str:
    """Standard output of a command that may mount; the probe is skipped where that is not allowed."""
    environment = {**os.environ, "PYTHONPATH": str(SUITE), "PYTHONDONTWRITEBYTECODE": "1"}
    reason = "no unshare(1) here"
    for namespace in NAMESPACES:
        try:
            done = subprocess.run([*namespace, *command], env=environment, capture_output=True, text=True, timeout=20)
        except FileNotFoundError:
            break
        if done.returncode == 0:
            return done.stdout
        assert "Traceback" not in done.stderr, done.stderr
        reason = done.stderr.strip() or f"exit status {done.returncode}"
    pytest.skip(f"no overlay of its own can be mounted here: {reason}")
