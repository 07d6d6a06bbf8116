"""Files that grow by a line for each result, so that work which was ended goes on where it was.

The first line says of what the results are; each other line is one of them. A last line without its end was being
written when the program was killed.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_regular
from anyunix.host.whole_file import write_whole
from anyunix.results.model import Identity

T = TypeVar("T")
First = TypeVar("First")
Line = TypeVar("Line")


@dataclass(frozen=True)
class JournalSort:
    """One sort of journal, as errors speak of it."""

    of: str
    """`a sweep`"""
    instead: str
    """What to do with one that cannot be gone on with: `sweep without --resume`."""
    limit: int
    """Bytes of a file: more are neither written nor read."""


class LineJournal:
    """One file. What cannot be written is a problem to tell at the end; no method raises for it. Safe to use from many
    threads. What was written outlives the program, and not a loss of power: nothing is forced to the disk.
    """

    def __init__(self, path: Path, lines: Iterable[object], limit: int) -> None:
        """Over whatever is there. A line that would make the file larger than `limit` bytes is not written."""
        self.path = path
        self.problems: dict[Path, str] = {}
        """File -> why it could not be written."""
        self._limit, self._size = limit, 0
        self._ends_well = True
        self._lock = threading.Lock()
        try:
            write_whole(path, (self._counted(line) for line in lines))
        except OSError as error:
            self._failed(error)

    def append(self, line: object) -> None:
        """Write one down, whole and at once. After a failure nothing is: half a line may stand at the end."""
        data = _encoded(line)
        with self._lock:
            if not self._ends_well or self._size + len(data) > self._limit:
                return
            try:
                with self.path.open("ab") as file:
                    file.write(data)
            except OSError as error:
                self._failed(error)
            self._size += len(data)

    def _failed(self, error: OSError) -> None:
        self._ends_well, self.problems[self.path] = False, error.strerror or str(error)

    def _counted(self, line: object) -> bytes:
        data = _encoded(line)
        self._size += len(data)
        return data


def read_lines(path: Path, sort: JournalSort, first: type[First], line: type[Line]) -> tuple[First, list[Line]]:
    """The first line and the others, without a torn last one. Raises ConfigurationError naming file, line and what to
    do.
    """
    try:
        head, *rest = read_regular(path, sort.limit).split(b"\n")[:-1] or [b""]
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; {sort.instead}") from None
    return _decoded(path, sort, 1, head, first), [
        _decoded(path, sort, number, each, line) for number, each in enumerate(rest, 2)
    ]


def check_same(path: Path, sort: JournalSort, pairs: Mapping[str, tuple[object, object]]) -> None:
    """Raises ConfigurationError that names the first thing in which what was `found` and what is `wanted` differ."""
    if other := next((what for what, (found, wanted) in pairs.items() if found != wanted), ""):
        raise ConfigurationError(
            f"{path}: is of {other}: results of different things are not put together; {sort.instead}"
        )


def identities(found: Identity, wanted: Identity) -> dict[str, tuple[object, object]]:
    """What `check_same` compares of a program and its suite."""
    return {
        "another version of anyunix": (found.version, wanted.version),
        "another suite": (found.suite, wanted.suite),
        "other probes of one's own (--probes)": (dict(found.probes), dict(wanted.probes)),
    }


def damaged(path: Path, sort: JournalSort, number: int, reason: object) -> ConfigurationError:
    """For a line that is none of such a journal."""
    return ConfigurationError(f"{path}: line {number}: not of {sort.of} of anyunix: {reason}; {sort.instead}")


def _encoded(line: object) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _decoded(path: Path, sort: JournalSort, number: int, line: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise damaged(path, sort, number, error) from None
