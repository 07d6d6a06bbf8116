"""Which files are anyunix's, and of which kind: by the folder that they are in, and by the keys that they have."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text

FileKind = Literal["subject", "platform", "expectations", "fault", "difference"]
FOLDERS: dict[str, FileKind] = {
    "platforms": "platform",
    "expectations": "expectations",
    "faults": "fault",
    "differences": "difference",
}
"""Folders that hold files of one kind."""
KEYS: dict[str, FileKind] = {
    "start": "subject",
    "driver": "platform",
    "extends": "platform",
    "caught_by": "fault",
    "breaks": "difference",
}
"""Keys at the top that files of one kind alone have."""
PROBE, TITLE = ".py::", re.compile(r"^title *:", re.MULTILINE)
"""What expectations name, and what all other files have."""
TOP = re.compile(r"^([a-z_]+) *:", re.MULTILINE)
SUFFIXES = (".yaml", ".yml")


def kind_of(path: Path) -> FileKind | None:
    """Of a file that somebody says is anyunix's; None where it cannot be. By its text, so that one that is no YAML yet
    is known, too. Raises ConfigurationError for one that cannot be read.
    """
    return FOLDERS.get(path.resolve().parent.name) or _kind_by_keys(read_text(path))


def _kind_by_keys(text: str) -> FileKind | None:
    return next((KEYS[key] for key in TOP.findall(text) if key in KEYS), None)


def _kind_by_sight(path: Path) -> FileKind | None:
    """Of a file that may be anybody's: folders of these names hold other programs' files as well."""
    text, folder = read_text(path), FOLDERS.get(path.resolve().parent.name)
    looks = PROBE in text if folder == "expectations" else TITLE.search(text)
    return folder if folder and looks else _kind_by_keys(text)


def usual_files(folder: Path) -> Iterator[tuple[Path, FileKind]]:
    """The files of anyunix in a folder, and in those folders in it that hold such files."""
    for place in (folder, *(folder / name for name in FOLDERS)):
        yield from known_files(sorted(place.glob("*")))


def files_below(folder: Path) -> Iterator[tuple[Path, FileKind]]:
    """All of them, however deep; those in hidden folders apart."""
    paths = sorted(folder.rglob("*"))
    yield from known_files(
        path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def known_files(paths: Iterable[Path]) -> Iterator[tuple[Path, FileKind]]:
    """Those of them that are anyunix's; what cannot be read is somebody else's."""
    for path in paths:
        if path.suffix in SUFFIXES and path.is_file():
            try:
                kind = _kind_by_sight(path)
            except ConfigurationError:
                continue
            if kind:
                yield path, kind
