"""Subject files of well-known servers, to start from: examples/servers/ as it comes with anyunix."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subject_template import SCHEMA, as_argument, check_new, write_new
from anyunix.catalog.subjects import Subject
from anyunix.discover.command import SBIN
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.text import nearest

FOLDERS = ("", "starting/")


def known_servers(catalog: Catalog) -> dict[str, Path]:
    """Name -> its subject file."""
    top = catalog.root / "examples" / "servers"
    return {path.stem: path for folder in FOLDERS for path in sorted((top / folder).glob("*.yaml"))}


def write_from(name: str, file: Path, catalog: Catalog) -> list[str]:
    """Write the file of a known server, with the files that travel with it; what is to be said about it.

    Raises ConfigurationError.
    """
    known = known_servers(catalog)
    if name not in known:
        raise ConfigurationError(
            f"--from: no server is known as {name!r}{nearest(name, known)}; known: {', '.join(known)}. "
            "For any other: anyunix init --detect COMMAND"
        )
    check_new(file)
    subject = read_subject(known[name])
    for entry in subject.files:
        _copy(subject.folder / entry, file.parent / entry)
    text = read_text(known[name])
    write_new(file, f"# yaml-language-server: $schema={SCHEMA}\n{text}")
    return [f"{file}: written; try it: anyunix try {as_argument(file)}", *_missing(subject)]


def _copy(source: Path, target: Path) -> None:
    """Raises ConfigurationError: over nothing that is there."""
    if target.exists():
        raise ConfigurationError(f"{target} is there already: it is left as it is")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    except OSError as error:
        raise ConfigurationError(f"{target}: cannot be written: {error.strerror}") from None


def _missing(subject: Subject) -> Iterator[str]:
    """Programs that it needs and that are not to be had here by their names."""
    for program in subject.needs:
        if shutil.which(program):
            continue
        found = next((f"{folder}/{program}" for folder in SBIN if shutil.which(program, path=folder)), "")
        if found:
            yield f"{program} is {found} here, and not on PATH: type PATH=$PATH:{Path(found).parent} in front"
        else:
            yield f"no {program} is on PATH here: install it, or name it in needs and start by where it is"
