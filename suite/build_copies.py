"""Makes copies of subjects with small changes in them, and builds each, several side by side.

    python3 build_copies.py COPIES.json

The file holds `side_by_side` and `copies`, a list of the fields of `Copy`. The last line that is printed is a JSON
list of what became of them, in their order: `[{"status": 0, "said": …, "timed_out": false}, …]`.

What many copies have in common is done once: one of them without its changes is built first, and each then compiles
only what differs, as make finds out from the times of the files.
"""

import compileall
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAID_LIMIT = 4000
"""Characters of a build's output, its last ones, that are kept."""
SOURCE_AGE, PRODUCT_AGE = 60.0, 30.0
"""Seconds: what is unchanged is so old, and what was built from it, so that a changed file is newer than both by more
than any make's and any file system's unit of time.
"""
COMPILED = {".c", ".cc", ".cpp", ".cxx", ".C", ".m", ".s", ".S"}
"""A change in another file, a header or a Makefile, has everything built again."""
DESCRIPTION = "subject.json"


@dataclass(frozen=True)
class Copy:
    """A copy that is wanted. Paths are relative to the work folder."""

    base: str
    """The folder with the subject's files."""
    changes: str
    """The folder with files that are new in the copy, or other ones."""
    folder: str
    """Where it goes."""
    build: list[str]
    """The build command; empty when nothing is to be built."""
    environment: dict[str, str]
    """Variables for it."""
    seconds: float
    """For it."""

    @property
    def shares(self) -> tuple[str, ...] | None:
        """What copies have in common that can have objects of one another; None where there are none to have."""
        changed = {path.suffix for path in files_below(self.changes) if path.name != DESCRIPTION}
        if not self.build or not changed or not changed <= COMPILED:
            return None
        return self.base, *self.build, *(f"{name}={value}" for name, value in sorted(self.environment.items()))


def main(arguments: list[str]) -> None:
    order = json.loads(Path(arguments[0]).read_text())
    copies = [Copy(**each) for each in order["copies"]]
    for base in dict.fromkeys(copy.base for copy in copies):
        age(base)
        compileall.compile_dir(base, quiet=2)
    first = first_builds(copies)
    with ThreadPoolExecutor(max_workers=order["side_by_side"]) as pool:
        answers = list(pool.map(lambda copy: make(copy, first.get(copy.shares, copy.base)), copies))
    print(json.dumps(answers), flush=True)


def age(folder: str) -> None:
    then = time.time() - SOURCE_AGE
    for path in files_below(folder):
        os.utime(path, (then, then))


def first_builds(copies: list[Copy]) -> dict[tuple[str, ...] | None, str]:
    """For what several copies share, the folder of a build without changes; none where that fails."""
    sharing: dict[tuple[str, ...], list[Copy]] = {}
    for copy in copies:
        if (key := copy.shares) is not None:
            sharing.setdefault(key, []).append(copy)
    built: dict[tuple[str, ...] | None, str] = {}
    for key, several in sharing.items():
        one, folder = several[0], f"{several[0].base}.built-{len(built)}"
        if len(several) > 1:
            shutil.copytree(one.base, folder, symlinks=True)
            if build(one, folder)["status"] == 0:
                then = time.time() - PRODUCT_AGE
                for path in files_below(folder):
                    if path.stat().st_mtime > then:
                        os.utime(path, (then, then))
                built[key] = folder
    return built


def make(copy: Copy, source: str) -> dict[str, Any]:
    """Make a copy of `source`, change and build it."""
    shutil.copytree(source, copy.folder, symlinks=True)
    for change in files_below(copy.changes):
        target = Path(copy.folder) / change.relative_to(copy.changes)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(change, target)
    return build(copy, copy.folder) if copy.build else {"status": 0, "said": "", "timed_out": False}


def build(copy: Copy, folder: str) -> dict[str, Any]:
    """Run the build command there; it and all of its process group end with it."""
    try:
        process = subprocess.Popen(
            copy.build,
            cwd=folder,
            env={**os.environ, **copy.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return {"status": 127, "said": f"cannot start {copy.build[0]}: {error.strerror}", "timed_out": False}
    timed_out = False
    try:
        said, _ = process.communicate(timeout=copy.seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if timed_out:
        said, _ = process.communicate()
    return {"status": process.returncode, "said": said.decode(errors="replace")[-SAID_LIMIT:], "timed_out": timed_out}


def files_below(folder: str) -> list[Path]:
    return [path for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink()]


if __name__ == "__main__":
    main(sys.argv[1:])
