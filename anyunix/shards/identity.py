"""What has to be the same in results that are put together: the program, its suite, and each subject's files."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from anyunix import __version__
from anyunix.catalog import Subject
from anyunix.payload import files_below
from anyunix.results import Identity


def identity_of(suite: Path, subjects: Iterable[Subject]) -> Identity:
    """Of the files as they are now."""
    return Identity(__version__, _digest(_contents(suite, files_below(suite))),
                    {subject.name: _subject_digest(subject) for subject in subjects})


def _subject_digest(subject: Subject) -> str:
    files = [file for entry in subject.files for file in
             (files_below(subject.folder / entry) if (subject.folder / entry).is_dir() else [subject.folder / entry])]
    described = json.dumps({**subject.described(), "build": subject.build, "needs": subject.needs}, sort_keys=True)
    return _digest([("subject", described.encode()), *_contents(subject.folder, files)])


def _contents(folder: Path, files: Iterable[Path]) -> list[tuple[str, bytes]]:
    return [(file.relative_to(folder).as_posix(), file.read_bytes()) for file in files]


def _digest(contents: Iterable[tuple[str, bytes]]) -> str:
    """The same for the same names and contents, whatever their times."""
    whole = hashlib.sha256()
    for name, data in contents:
        whole.update(f"{name}\0{len(data)}\0".encode())
        whole.update(data)
    return whole.hexdigest()
