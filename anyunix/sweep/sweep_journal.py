"""What came of each injection, written down as it comes, so that a sweep that was ended goes on where it was.

The first line says of what the results are; each other line is one of them.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from anyunix.catalog.subjects import Subject
from anyunix.results.model import Identity
from anyunix.run.identity import identity_of
from anyunix.run.line_journal import JournalSort, LineJournal, check_same, identities, read_lines
from anyunix.sweep.injecting import Injection
from anyunix.sweep.swept import Swept

FILE = "sweep.journal"
SORT = JournalSort("a sweep", "sweep without --resume, or with --out DIR", 100 * 1024 * 1024)


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
        self._entries = {(entry.platform, entry.swept.id): entry for entry in entries}
        self._file = LineJournal(path, [beginning, *self._entries.values()], SORT.limit)
        self.problems = self._file.problems

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
            self._file.append(entry)


def beginning_of(suite: Path, subject: Subject, bind: str) -> Beginning:
    """Of the suite and the subject's files as they are now."""
    return Beginning(identity_of(suite, [subject]), bind)


def begin_journal(folder: Path, beginning: Beginning) -> Journal:
    """A new one, over whatever an earlier sweep left."""
    return Journal(folder / FILE, beginning)


def resume_journal(folder: Path, beginning: Beginning) -> Journal:
    """Go on with the one that is there; a new one where there is none. Raises ConfigurationError naming file, line and
    what to do.
    """
    path = folder / FILE
    if not os.path.lexists(path):
        return begin_journal(folder, beginning)
    found, entries = read_lines(path, SORT, Beginning, Entry)
    check_same(
        path,
        SORT,
        {
            **identities(found.identity, beginning.identity),
            "another bind mode": (found.bind, beginning.bind),
            "another subject, or other files of it": (found, beginning),
        },
    )
    return Journal(path, beginning, entries)
