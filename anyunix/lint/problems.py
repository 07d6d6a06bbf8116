"""What is wrong with files, found without running anything: one problem a file, at its line."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from anyunix.analysis.expectations import Expectations, apply, read_expectations
from anyunix.catalog.difference_file import read_difference
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platform_file import read_platform
from anyunix.catalog.probes import read_probes
from anyunix.catalog.reader import place
from anyunix.catalog.subject_file import read_subject
from anyunix.errors import ConfigurationError
from anyunix.lint.file_kinds import FOLDERS, KEYS, SUFFIXES, FileKind, files_below, kind_of, known_files, usual_files
from anyunix.mutation.faults import read_fault
from anyunix.results.model import Matrix

PLACED = re.compile(r"(?P<file>.+?): (?:not YAML: )?line (?P<line>\d+)(?:, column \d+)?: (?P<text>.*)", re.DOTALL)
"""How the readers of files name the place of what is wrong."""
MISSPELLED = 0.8
"""How like the name of a platform another one is that is meant to be it, by difflib's measure."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where."""

    file: str
    line: int
    """0 where it is wrong as a whole."""
    text: str

    def __str__(self) -> str:
        """As compilers print it, so that editors find the place."""
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


def chosen_files(named: Sequence[Path], *, known: bool = False) -> dict[Path, FileKind]:
    """Files that are named, those in folders that are named; without any those in the current folder's usual places.

    Raises ConfigurationError where there are none; but not where those that are `known` alone are wanted.
    """
    if known:
        return dict(known_files(named))
    chosen: dict[Path, FileKind] = {}
    for path in named:
        if path.is_dir():
            chosen |= dict(files_below(path))
            continue
        kind = kind_of(path)
        if kind is None:
            keys = " or ".join(f"{key}: (a {kind} file)" for key, kind in KEYS.items())
            raise ConfigurationError(f"{path}: no file of anyunix: expected {keys} at the top")
        chosen[path] = kind
    if not chosen:
        chosen = {} if named else dict(usual_files(Path()))  # a folder that was named has none
    if not chosen:
        where = ", ".join(map(str, named)) or f". and {', '.join(f'{name}/' for name in FOLDERS)}"
        raise ConfigurationError(f"no file of anyunix ({' or '.join(SUFFIXES)}) in {where}: name files or folders")
    return chosen


@dataclass(frozen=True)
class Linter:
    """Checks files against what there is: platforms, probes, facts, and the files that are checked with them."""

    catalog: Catalog
    files: Mapping[Path, FileKind]
    today: date

    def problems(self) -> Iterator[Problem]:
        """All of them, by file."""
        readers: dict[FileKind, Callable[[Path], object]] = {
            "subject": read_subject,
            "platform": self._platform,
            "fault": lambda path: read_fault(path, self.catalog),
            "difference": lambda path: read_difference(path, self.catalog.suite),
        }
        for path, kind in self.files.items():
            try:
                if kind == "expectations":
                    yield from self._expectations(path)
                else:
                    readers[kind](path)
            except ConfigurationError as error:
                yield problem_of(path, str(error))

    def _platform(self, path: Path) -> None:
        catalog = self.catalog
        read_platform(path, catalog.root, lambda: catalog.probes, lambda: catalog.differences)

    def _expectations(self, path: Path) -> Iterator[Problem]:
        """What no type says: names of contracts that there are not, and of platforms that are nearly those of others.

        Another name may be that of a machine over SSH, which nobody knows here.
        """
        found = read_expectations(path)
        for entry in found.entries:
            likely = get_close_matches(entry.platform, self._platforms, n=1, cutoff=MISSPELLED)
            known = self._platforms if likely else {entry.platform}
            one = {path.stem: Expectations(path, (entry,))}
            checked = apply(self._contracts, one, today=self.today, known_platforms=known)
            where = place(path, f"{entry.platform}.{entry.probe}")
            yield from (
                problem_of(path, f"{where}: {problem.removeprefix(f'{path}: ')}") for problem in checked.problems
            )

    @cached_property
    def _platforms(self) -> set[str]:
        mine = {path.stem for path, kind in self.files.items() if kind == "platform"}
        return {*self.catalog.platform_names(), *self.catalog.likeness_names(), *mine}

    @cached_property
    def _contracts(self) -> Matrix:
        """A matrix in which nothing ran: it knows the names of all probes."""
        return replace(Matrix((), (), ""), texts=tuple(read_probes(self.catalog.suite)))


def problem_of(path: Path, error: str) -> Problem:
    """A reader's error; of a file that another one extends, in that file."""
    if match := PLACED.fullmatch(error):
        return Problem(match["file"], int(match["line"]), " ".join(match["text"].split()))
    return Problem(str(path), 0, " ".join(error.removeprefix(f"{path}: ").split()))
