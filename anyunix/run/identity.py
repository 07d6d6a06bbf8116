"""What has to be the same in results that are put together or compared: the program, its suite and a user's own probes,
a subject's files.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from anyunix import __version__
from anyunix.catalog.own_groups import FILE as OWN_PROBES
from anyunix.catalog.own_groups import own_probes
from anyunix.catalog.subjects import Subject
from anyunix.errors import ConfigurationError
from anyunix.payload.archive import files_below, subject_files
from anyunix.results.model import Identity

Claim = tuple[str, Identity | None]
"""Where results are, and of what they are."""


def identity_of(suite: Path, subjects: Iterable[Subject]) -> Identity:
    """Of the files as they are now."""
    own = own_probes(suite)
    usual = [file for file in files_below(suite) if file.relative_to(suite).parts[0] not in (*own, OWN_PROBES)]
    return Identity(
        __version__,
        _digest(_contents(suite, usual)),
        {subject.name: digest_of(subject) for subject in subjects},
        {group: _digest(_contents(suite / group, files_below(suite / group))) for group in own},
    )


def digest_of_folders(root: Path, names: Iterable[str]) -> str:
    """Of all files in these folders below `root` that travel or are read, by name and content."""
    return _digest(_contents(root, [file for name in names for file in files_below(root / name)]))


def common_identity(claims: Sequence[Claim], consequence: str, *, whole: bool = True) -> Identity:
    """What all results are of. Raises ConfigurationError where two are of different versions, suites or own probes;
    the `consequence` is said then: `are not put together; run that shard again`. If they are to be of the `whole`,
    their subjects have to be the same, and all of them have to have the own probes that any has.
    """
    if whole:
        _check_own_probes(claims, consequence)
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
            **{f"folder of probes {name}": mark for name, mark in identity.probes.items()},
            **{f"subject {name}": mark for name, mark in identity.subjects.items() if whole},
        }
        for what, mark in marks.items():
            first_mark, first = known.setdefault(what, (mark, where))
            if mark != first_mark:
                raise ConfigurationError(
                    f"{where}: another {what} than in {first} ({mark[:12]}, {first_mark[:12]}): "
                    f"results of different things {consequence}"
                )
    version, suite = known["version of anyunix"][0], known["suite"][0]
    return Identity(version, suite, _called("subject ", known), _called("folder of probes ", known))


def check_comparable(*claims: Claim) -> None:
    """Runs that are compared may be of other subjects, as these are what changes, and one may have own probes that the
    other has not. Raises ConfigurationError.
    """
    common_identity(claims, "are not compared; run the older one again with this version", whole=False)


def _check_own_probes(claims: Sequence[Claim], consequence: str) -> None:
    """Raises ConfigurationError where some lack probes that others have."""
    have = [(where, identity.probes) for where, identity in claims if identity is not None]
    for group in dict.fromkeys(name for _, probes in have for name in probes):
        with_it = next(where for where, probes in have if group in probes)
        without = next((where for where, probes in have if group not in probes), None)
        if without is not None:
            raise ConfigurationError(
                f"{without}: without the probes of {group!r} that {with_it} has (name their folder with --probes): "
                f"results of different things {consequence}"
            )


def _called(what: str, known: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Those of one sort: name -> mark."""
    return {each.removeprefix(what): mark for each, (mark, _) in known.items() if each.startswith(what)}


def digest_of(subject: Subject) -> str:
    """Of its files that travel, of how it is built and of what its file says of it."""
    files = [subject.folder / name for name in subject_files(subject)]
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
