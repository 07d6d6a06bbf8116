"""Build a C subject on this machine for a platform that has no compiler, with the zig compiler from PyPI."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

from anyunix.catalog import Subject
from anyunix.errors import NotRun

BUILD_SECONDS = 300


@dataclass(frozen=True)
class CrossBuilt:
    """What was built here for there."""

    compiler: str
    files: dict[PurePosixPath, Path]
    """Path in the subject -> the file made here."""


def missing() -> str | None:
    """None when cross builds are possible here, else what to install."""
    try:
        version("ziglang")
    except PackageNotFoundError:
        return "the package ziglang is not installed here: pip install 'anyunix[cross]'"
    return None if shutil.which("make") else "no make on PATH here"


def cross_build(subject: Subject, target: str, folder: Path) -> CrossBuilt:
    """Run the subject's own build in a copy below `folder`, CC being zig for `target`. Raises NotRun.

    `target` is zig's name of a CPU, system and libc, or `native`.
    """
    if reason := missing():
        raise NotRun(reason)
    copy = folder / "source"
    for entry in subject.files:
        source, there = subject.folder / entry, copy / entry
        there.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, there, ignore=shutil.ignore_patterns("*.o", "__pycache__"))
        else:
            shutil.copy2(source, there)
    before = _snapshot(copy)
    compiler = [sys.executable, "-m", "ziglang", "cc"]
    if target != "native":
        compiler += ["-target", target]
    # -dynamic: the platform's own libc is what is under test, not one that zig links in
    environment = {**os.environ, "CC": shlex.join([*compiler, "-dynamic"])}
    try:
        done = subprocess.run(subject.build, cwd=copy, env=environment, capture_output=True, text=True,
                              timeout=BUILD_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotRun(f"the cross build for {target} fails: {error}") from error
    if done.returncode:
        raise NotRun(f"the cross build for {target} fails: {' '.join((done.stderr or done.stdout).split())[-300:]}")
    made = {path: copy / path for path, state in _snapshot(copy).items()
            if before.get(path) != state and path.suffix != ".o"}
    return CrossBuilt(f"zig cc {version('ziglang')} for {target}", made)


def _snapshot(folder: Path) -> dict[PurePosixPath, tuple[int, int]]:
    return {PurePosixPath(path.relative_to(folder).as_posix()): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in folder.rglob("*") if path.is_file()}
