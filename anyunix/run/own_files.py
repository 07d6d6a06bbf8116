"""Which files of a folder of probes travel, and which cannot."""

import os
from collections.abc import Iterator
from pathlib import Path

from anyunix.errors import ConfigurationError
from anyunix.host.regular import inside
from anyunix.payload.archive import BUILT, LEFT_OUT

FILES_LIMIT, BYTES_LIMIT = 2_000, 16 * 1024 * 1024
"""Of one folder: every platform receives all of it."""


def files_of(folder: Path, option: str) -> dict[str, Path]:
    """Path below the folder -> file. Hidden ones, and what was built or cached there, stay here.

    Raises ConfigurationError, which begins with the `option`, for links that lead out of it or to folders, for what
    cannot be read, and for too much.
    """
    found: dict[str, Path] = {}
    size = 0
    for name in _names(folder, option):
        path = folder / name
        if path.is_symlink() and inside(folder, name) is None:
            raise ConfigurationError(
                f"{option}: {name} is a link to {os.readlink(path)}, which is not in the folder: copy the file there"
            )
        if not path.is_file():
            continue  # a socket that a server left there, for one
        if not os.access(path, os.R_OK):
            raise ConfigurationError(f"{option}: {name}: cannot be read: Permission denied")
        found[name] = path
        size += path.stat().st_size
        if len(found) > FILES_LIMIT or size > BYTES_LIMIT:
            raise ConfigurationError(
                f"{option}: more than {FILES_LIMIT} files or {BYTES_LIMIT // 1024**2} MiB, and all of it travels to "
                f"every platform: {_largest(found)}; put the probes into a folder of their own"
            )
    return found


def is_test(path: Path) -> bool:
    """Whether pytest looks for tests in it."""
    return path.suffix == ".py" and (path.stem.startswith("test_") or path.stem.endswith("_test"))


def _names(folder: Path, option: str) -> Iterator[str]:
    """In a fixed order."""

    def unreadable(error: OSError) -> None:
        raise ConfigurationError(f"{option}: {error.filename}: {error.strerror}")

    for top, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in LEFT_OUT)
        for name in folders:
            if (path := Path(top, name)).is_symlink():
                raise ConfigurationError(
                    f"{option}: {path.relative_to(folder)} is a link to a folder, {os.readlink(path)}, and these are "
                    "not followed: copy the files"
                )
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix not in BUILT:
                yield Path(top, name).relative_to(folder).as_posix()


def _largest(found: dict[str, Path]) -> str:
    name = max(found, key=lambda each: found[each].stat().st_size)
    return f"{name} has {found[name].stat().st_size} bytes"
