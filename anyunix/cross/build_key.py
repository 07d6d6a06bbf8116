"""The key of a cross build: a digest of all that its programs are made from."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from anyunix.catalog.subjects import Subject
from anyunix.cross.zig import HELPER_FLAGS, zig_version
from anyunix.host.environment import local_environment
from anyunix.payload.archive import subject_files

VERSION = 1
"""To be raised where the same inputs begin to give other programs."""
NATIVE = "native"
"""A target that has this word in it depends on this machine's CPU and headers."""
HELPER_SOURCES = ("support/compiler.py", "support/c/*")
WHO_AND_WHERE = {
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "ZIG_GLOBAL_CACHE_DIR",
    "ZIG_LOCAL_CACHE_DIR",
    "CCACHE_DIR",
}
"""Variables that a build gets and that its programs do not depend on; nor do they on our own, ANYUNIX_…"""


def subject_key(subject: Subject, target: str, environment: Mapping[str, str]) -> str | None:
    """None for a build that is this machine's own. Raises OSError for a source that cannot be read."""
    words = [subject.build, _program(subject.build[0]), sorted(environment.items())]
    return _key(target, words, subject.folder, subject_files(subject))


def helpers_key(suite: Path, target: str) -> str | None:
    """As `subject_key`, for the suite's C helpers."""
    sources = (PurePosixPath(file.relative_to(suite)) for word in HELPER_SOURCES for file in suite.glob(word))
    return _key(target, ["helpers", HELPER_FLAGS], suite, sources)


def objects_key(sources: Sequence[Path], target: str) -> str | None:
    """As `subject_key`, for what is preloaded: sources of one folder, and its headers."""
    folder = sources[0].parent
    files = {PurePosixPath(file.name) for file in (*sources, *folder.glob("*.h"))}
    return _key(target, ["objects", HELPER_FLAGS], folder, files)


def _key(target: str, words: list[object], folder: Path, files: Iterable[PurePosixPath]) -> str | None:
    if NATIVE in target:
        return None
    variables = {
        name: value
        for name, value in local_environment().items()
        if name not in WHO_AND_WHERE and not name.startswith("ANYUNIX_")
    }
    sources = [
        (str(name), os.access(folder / name, os.X_OK), hashlib.sha256((folder / name).read_bytes()).hexdigest())
        for name in sorted(files)
    ]
    # repr: no two inputs have the same, and what is no Unicode in them is no error
    all_of_it = repr([VERSION, zig_version(), target, words, sorted(variables.items()), sources])
    return hashlib.sha256(all_of_it.encode()).hexdigest()


def _program(name: str) -> object:
    """Which build program it is: another one may make something else of the same sources."""
    found = shutil.which(name)
    if not found:
        return None
    state = os.stat(found)
    return found, state.st_size, state.st_mtime_ns
