"""What decides the result of a cell, as a key: where it is the same, so is the result.

The machines themselves, their compilers and the user's environment are taken to be as they were.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import msgspec

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.payload.archive import files_below
from anyunix.results.model import Identity
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.identity import digest_of, identity_of

WHOLE_BYTES = 16 * 1024 * 1024
"""Of a file that a platform file names: a larger one, such as a box, is known by its size and time."""


class JournalKeys:
    """Names what a pool is asked for. The same cell in the same way a second time is another question, as when a
    failure is confirmed: it has another key.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """`environment` may name other boxes for virtual machines."""
        self._environment = environment
        self._identities: dict[Path, Identity] = {}
        self._asked: Counter[str] = Counter()

    def of(self, cells: Sequence[Cell], how: SuiteOptions) -> list[str]:
        """The keys of cells that are run now, in this way."""
        if how.suite not in self._identities:
            self._identities[how.suite] = identity_of(how.suite, [])
        described = _Described(self._environment)
        # no limit of time: a suite that ran ended within it, and what is left of a run's time is never the same twice
        same = (self._identities[how.suite], how.expression, how.repeat, how.probe_seconds)
        return [self._numbered(_digest([*same, *described.cell(cell)])) for cell in cells]

    def _numbered(self, key: str) -> str:
        self._asked[key] += 1
        return key if self._asked[key] == 1 else f"{key}.{self._asked[key]}"


class _Described:
    """Cells as data. What many of them have in common is read once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._known: dict[int, tuple[object, bytes]] = {}
        """By the identity of an object, which is held so that no other gets its."""
        self._files: dict[Path, str] = {}

    def cell(self, cell: Cell) -> list[object]:
        subject, platform = self._once(cell.subject, self._subject), self._once(cell.platform, self._platform)
        build = replace(cell.build, objects=None)  # a folder of this run's
        return [subject, platform, cell.bind, build, cell.probes, cell.tool]

    def _once(self, what: Any, describe: Any) -> bytes:
        if id(what) not in self._known:
            self._known[id(what)] = (what, describe(what))
        return self._known[id(what)][1]

    def _subject(self, subject: Subject) -> bytes:
        """But for where its files are, as long as they are the same, and for what it is called in reports."""
        rest = {
            each.name: getattr(subject, each.name) for each in fields(subject) if each.name not in ("folder", "title")
        }
        return _json([rest, digest_of(subject)])

    def _platform(self, platform: Platform) -> bytes:
        """But for what it is called in reports, and for when the suite last ran there."""
        described = replace(platform, title="", last_run="")
        texts = msgspec.to_builtins(platform.options).values()
        named = [self._file(Path(text)) for text in texts if isinstance(text, str) and os.path.isabs(text)]
        overridden = platform.options.overridden(platform.name, self._environment)
        return _json([described, named, overridden], self._path)

    def _path(self, value: object) -> str:
        if isinstance(value, Path):
            return self._file(value)
        raise NotImplementedError

    def _file(self, path: Path) -> str:
        """What is in a file, or in the files of a folder."""
        if path not in self._files:
            found = [path] if path.is_file() else list(files_below(path)) if path.is_dir() else []
            self._files[path] = _digest([(each.relative_to(path.parent).as_posix(), _content(each)) for each in found])
        return self._files[path]


def _content(file: Path) -> bytes:
    known = file.stat()
    return file.read_bytes() if known.st_size <= WHOLE_BYTES else f"{known.st_size} {known.st_mtime_ns}".encode()


def _digest(value: object) -> str:
    return hashlib.sha256(_json(value)).hexdigest()


def _json(value: object, enc_hook: Any = None) -> bytes:
    return msgspec.json.encode(value, enc_hook=enc_hook, order="deterministic")
