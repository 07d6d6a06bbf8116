"""What has to be the same in results that are put together or compared: the program, its suite, a subject's files."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from anyunix import __version__
from anyunix.catalog.subjects import Subject
from anyunix.errors import ConfigurationError
from anyunix.payload.archive import files_below
from anyunix.results.model import Identity

Claim = tuple[str, Identity | None]
"""Where results are, and of what they are."""


def identity_of(suite: Path, subjects: Iterable[Subject]) -> Identity:
    """Of the files as they are now."""
    return Identity(
        __version__,
        _digest(_contents(suite, files_below(suite))),
        {subject.name: digest_of(subject) for subject in subjects},
    )


def common_identity(claims: Sequence[Claim], consequence: str, *, subjects: bool = True) -> Identity:
    """What all results are of. Raises ConfigurationError where two are of different versions, suites or, if `subjects`
    count, subjects; the `consequence` is said then: `are not put together; run that shard again`.
    """
    known: dict[str, tuple[str, str]] = {}  # what -> its mark and where it was first
    for where, identity in claims:
        if identity is None:
            raise ConfigurationError(
                f"{where}: does not say which suite and subjects it is of: an older anyunix wrote "
                f"it; such results {consequence}"
            )
        marks = {
            "version of anyunix": identity.version,
            "suite": identity.suite,
            **{f"subject {name}": mark for name, mark in identity.subjects.items() if subjects},
        }
        for what, mark in marks.items():
            first_mark, first = known.setdefault(what, (mark, where))
            if mark != first_mark:
                raise ConfigurationError(
                    f"{where}: another {what} than in {first} ({mark[:12]}, {first_mark[:12]}): "
                    f"results of different things {consequence}"
                )
    found = {what.removeprefix("subject "): mark for what, (mark, _) in known.items() if what.startswith("subject ")}
    return Identity(known["version of anyunix"][0], known["suite"][0], found)


def check_comparable(*claims: Claim) -> None:
    """Runs that are compared may be of other subjects, as these are what changes. Raises ConfigurationError."""
    common_identity(claims, "are not compared; run the older one again with this version", subjects=False)


def digest_of(subject: Subject) -> str:
    """Of its files, of how it is built and of what its file says of it."""
    files = [
        file
        for entry in subject.files
        for file in (
            files_below(subject.folder / entry) if (subject.folder / entry).is_dir() else [subject.folder / entry]
        )
    ]
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
