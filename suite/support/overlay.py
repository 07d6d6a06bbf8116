"""A lock across the copy-up of an overlay: run as `python -m support.overlay FOLDER` in a mount namespace.

It mounts a tmpfs on FOLDER and an overlay in it, which nobody outside of the namespace sees and which end with it.
Standard output is one JSON object; a failure is one line on standard error and exit status 1.
"""

import json
import os
import subprocess
import sys
from fcntl import flock, lockf
from pathlib import Path

from support.locks import EXCLUSIVE, SHARED, TAKEN, Lock, ask_from_another_process, opened

LOCKS: dict[str, Lock] = {"flock": flock, "fcntl": lockf}


def mount(folder: Path) -> Path:
    """An overlay with one file for each kind of lock in its lower layer; its mount point."""
    _mount("-t", "tmpfs", "tmpfs", str(folder))
    layers = {name: folder / name for name in ("lower", "upper", "work", "merged")}
    for layer in layers.values():
        layer.mkdir()
    for name in LOCKS:
        (layers["lower"] / name).write_text("from the image\n")
    options = f"lowerdir={layers['lower']},upperdir={layers['upper']},workdir={layers['work']}"
    _mount("-t", "overlay", "-o", options, "overlay", str(layers["merged"]))
    return layers["merged"]


def lock_is_kept(lock: Lock, merged: Path, name: str) -> bool:
    """Whether a reader's lock from before the copy-up excludes a writer who opens the file and so copies it up."""
    upper = merged.parent / "upper" / name
    with opened(merged / name, os.O_RDONLY) as reader:
        lock(reader, SHARED)
        assert not upper.exists(), f"{upper} was copied up too early"
        answer = ask_from_another_process(lock, merged / name, EXCLUSIVE)
        assert upper.exists(), f"{upper} was not copied up"
    return answer == TAKEN


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, timeout=10)
    if done.returncode != 0:
        raise SystemExit(" ".join(done.stderr.split()) or f"mount ended with exit status {done.returncode}")


if __name__ == "__main__":
    merged = mount(Path(sys.argv[1]))
    print(json.dumps({name: lock_is_kept(lock, merged, name) for name, lock in LOCKS.items()}))
