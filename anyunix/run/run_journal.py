"""The results of cells, written down as they come, so that a run which was ended goes on where it was."""

import os
import zlib
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from anyunix.host.unexpected import unexpected
from anyunix.results.matrix_file import strange_in
from anyunix.results.model import Artifacts, CellId, CellResult, Identity, Matrix
from anyunix.run.identity import identity_of
from anyunix.run.line_journal import JournalSort, LineJournal, check_same, damaged, identities, read_lines

FILE = "run.journal"
SORT = JournalSort("a run", "run without --resume, or with another --out DIR", 256 * 1024 * 1024)
PACKED_LIMIT = 8 * 1024 * 1024
"""Bytes of one result, packed: one that is larger, by what a tracer wrote, is not written down, and runs again."""
WHOLE_LIMIT = 160 * 1024 * 1024
"""Bytes of one result that are unpacked at most."""


class RunBeginning(msgspec.Struct, frozen=True):
    """Of what the results are. Subjects and platforms may change: each result's key says of which it is."""

    identity: Identity
    started: str
    """ISO 8601, UTC."""


class RanCell(msgspec.Struct, frozen=True):
    """One result."""

    cell: str
    """Its name, for people."""
    key: str
    packed: bytes


class Brought(msgspec.Struct, frozen=True):
    """What is packed: the result, and what came back beside it."""

    result: CellResult
    junit: tuple[bytes, ...]
    log: bytes
    records: bytes


class RunJournal:
    """One run's file. What cannot be written is a problem to tell at the end; no method raises for it."""

    def __init__(self, path: Path, beginning: RunBeginning, entries: Iterable[RanCell] = ()) -> None:
        self.path, self.started = path, beginning.started
        self._entries = {entry.key: entry for entry in entries}
        self._file = LineJournal(path, [beginning, *self._entries.values()], SORT.limit)
        self.problems = self._file.problems
        """File -> why it could not be written."""

    def __len__(self) -> int:
        """How many results an earlier run left."""
        return len(self._entries)

    def known(self, key: str, cell: CellId) -> tuple[CellResult, Artifacts] | None:
        """What an earlier run has of this cell."""
        if (entry := self._entries.get(key)) is None:
            return None
        brought = _unpacked(entry.packed)
        found = Artifacts(brought.junit, brought.log.decode(errors="replace"), brought.records)
        return (brought.result, found) if brought.result.id == cell else None

    def add(self, key: str, result: CellResult, artifacts: Artifacts) -> None:
        """Write one down. What did not run or broke is not: it runs again."""
        if result.status != "ran":
            return
        try:
            log = artifacts.log.encode(errors="replace")
            packed = _packed(Brought(result, artifacts.junit, log, artifacts.records))
            if len(packed) <= PACKED_LIMIT:
                self._file.append(RanCell(result.name, key, packed))
        except Exception as error:  # a value that is no JSON: the run goes on, and this cell would run again
            self.problems[self.path] = unexpected(error)


def begin_run(folder: Path, suite: Path) -> RunJournal:
    """A new one, over whatever an earlier run left."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return RunJournal(folder / FILE, RunBeginning(identity_of(suite, []), now))


def resume_run(folder: Path, suite: Path) -> RunJournal:
    """Go on with the one that is there; a new one where there is none. Raises ConfigurationError naming file, line and
    what to do.
    """
    path = folder / FILE
    if not os.path.lexists(path):
        return begin_run(folder, suite)
    found, entries = read_lines(path, SORT, RunBeginning, RanCell)
    check_same(path, SORT, identities(found.identity, identity_of(suite, [])))
    for number, entry in enumerate(entries, 2):
        _check(path, number, entry)
    return RunJournal(path, found, entries)


def _check(path: Path, number: int, entry: RanCell) -> None:
    """Raises ConfigurationError."""
    try:
        result = _unpacked(entry.packed).result
        reason = "" if result.status == "ran" else f"a result that is {result.status!r}"
        reason = reason or strange_in(Matrix((), (result,), ""))
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise damaged(path, SORT, number, error) from None
    if reason:
        raise damaged(path, SORT, number, reason)


def _packed(brought: Brought) -> bytes:
    return zlib.compress(msgspec.json.encode(brought), 1)


def _unpacked(packed: bytes) -> Brought:
    """Raises zlib.error, DecodeError."""
    stream = zlib.decompressobj()
    data = stream.decompress(packed, WHOLE_LIMIT)
    if not stream.eof:
        raise zlib.error(f"cut off, or larger than {WHOLE_LIMIT} bytes")
    return msgspec.json.decode(data, type=Brought)
