"""Where in a user's repository a failure of his server belongs: a line of its sources, or of its subject file."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import yaml

from anyunix.catalog.subjects import Subject
from anyunix.catalog.yaml_text import line_of
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.payload.archive import files_below
from anyunix.results.model import Probe

SOURCE = re.compile(r"([\w.-]+):(\d+) in ")
"""How what a memory checker says begins: `wakeup.c:27 in dispose: …`."""

Beside = tuple[str, int]
"""A file, as its path in the repository, and a line of it."""


def place_of(probe: Probe, subject: Subject, repository: Path) -> Beside | None:
    """Where a memory checker points in the subject's own sources; else what its file says of the promise that was not
    kept, or of its start. None for a subject that is not in the repository.
    """
    for file, line in (*_in_sources(probe, subject), *_in_subject_file(probe, subject)):
        with suppress(ValueError, OSError):
            return file.resolve().relative_to(repository.resolve()).as_posix(), line
    return None


def _in_sources(probe: Probe, subject: Subject) -> Iterator[tuple[Path, int]]:
    """Where one file alone has that name: a checker says no folder."""
    if match := SOURCE.match(probe.culprit):
        found = [file for file in _files(subject) if file.name == match[1]]
        if len(found) == 1:
            yield found[0], max(1, int(match[2]))


def _files(subject: Subject) -> Iterator[Path]:
    for entry in subject.files:
        path = subject.folder / entry
        yield from files_below(path) if path.is_dir() else [path]


def _in_subject_file(probe: Probe, subject: Subject) -> Iterator[tuple[Path, int]]:
    for suffix in (".yaml", ".yml"):
        file = subject.folder / f"{subject.name}{suffix}"
        with suppress(ConfigurationError, yaml.YAMLError):
            text = read_text(file)
            keys = [*(f"promises.{promise}" for promise in probe.promises), "start"]
            yield file, next((line for key in keys if (line := line_of(text, key))), 1)
