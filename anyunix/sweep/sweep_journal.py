"""What came of each injection, written down as it comes, so that a sweep that was ended goes on where it was.

The first line says of what the results are; each other line is one of them.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from anyunix.catalog.subjects import Subject
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_regular
from anyunix.host.whole_file import write_whole
from anyunix.results.model import Identity
from anyunix.run.identity import identity_of
from anyunix.sweep.injecting import Injection
from anyunix.sweep.swept import Swept

FILE = "sweep.journal"
T = TypeVar("T")
SIZE_LIMIT = 100 * 1024 * 1024
"""Bytes of a journal that are read at most."""


class Beginning(msgspec.Struct, frozen=True):
    """Of what the results are."""

    identity: Identity
    bind: str


class Entry(msgspec.Struct, frozen=True):
    """One result. What was injected stands beside it: another trace may give the same name to another call."""

    platform: str
    injection: dict[str, str | int | bool]
    swept: Swept


class Journal:
    """One sweep's file. What cannot be written is a problem to tell at the end; no method raises for it."""

    def __init__(self, path: Path, beginning: Beginning, entries: Iterable[Entry] = ()) -> None:
        self.path = path
        self.problems: dict[Path, str] = {}
        """File -> why it could not be written."""
        self._entries = {(entry.platform, entry.swept.id): entry for entry in entries}
        self._write([beginning, *self._entries.values()])

    def known(self, platform: str, planned: Iterable[Injection]) -> dict[str, Swept]:
        """ID -> what came of it, of those that were made already. What was not tried is to be tried again."""
        found = {}
        for each in planned:
            entry = self._entries.get((platform, each.id))
            if entry and entry.injection == each.described() and entry.swept.answer != "not tried":
                found[each.id] = entry.swept
        return found

    def add(self, platform: str, injection: Injection, swept: Swept) -> None:
        """Write one down, unless it stands there already."""
        described = msgspec.convert(injection.described(), dict[str, str | int | bool])
        entry = Entry(platform, described, swept)
        if self._entries.get((platform, swept.id)) != entry:
            self._entries[platform, swept.id] = entry
            try:
                with self.path.open("ab") as file:
                    file.write(msgspec.json.encode(entry) + b"\n")
            except OSError as error:
                self.problems[self.path] = error.strerror or str(error)

    def _write(self, lines: "Iterable[Beginning | Entry]") -> None:
        try:
            write_whole(self.path, (msgspec.json.encode(line) + b"\n" for line in lines))
        except OSError as error:
            self.problems[self.path] = error.strerror or str(error)


def beginning_of(suite: Path, subject: Subject, bind: str) -> Beginning:
    """Of the suite and the subject's files as they are now."""
    return Beginning(identity_of(suite, [subject]), bind)


def begin_journal(folder: Path, beginning: Beginning) -> Journal:
    """A new one, over whatever an earlier sweep left."""
    return Journal(folder / FILE, beginning)


def resume_journal(folder: Path, beginning: Beginning) -> Journal:
    """Go on with the one that is there; a new one where there is none.

    A last line without its end was being written when the sweep was killed. Raises ConfigurationError naming file,
    line and what to do.
    """
    path = folder / FILE
    if not os.path.lexists(path):
        return begin_journal(folder, beginning)
    try:
        first, *rest = read_regular(path, SIZE_LIMIT).split(b"\n")[:-1] or [b""]
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    found = _decoded(path, 1, first, Beginning)
    if found != beginning:
        raise ConfigurationError(
            f"{path}: is of {_what_differs(found, beginning)}: results of different things are not put together; "
            "sweep without --resume, or with --out DIR"
        )
    return Journal(path, beginning, [_decoded(path, number, line, Entry) for number, line in enumerate(rest, 2)])


def _decoded(path: Path, number: int, line: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(
            f"{path}: line {number}: not of a sweep of anyunix: {error}; sweep without --resume, or with --out DIR"
        ) from None


def _what_differs(found: Beginning, wanted: Beginning) -> str:
    pairs: Mapping[str, tuple[object, object]] = {
        "another version of anyunix": (found.identity.version, wanted.identity.version),
        "another suite": (found.identity.suite, wanted.identity.suite),
        "another bind mode": (found.bind, wanted.bind),
    }
    return next((what for what, (one, other) in pairs.items() if one != other), "another subject, or other files of it")
