"""What a platform receives for all cells of mutation testing at once, and what is to be done with it there."""

import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from anyunix.catalog.subjects import Subject
from anyunix.host.environment import passed_on
from anyunix.payload.archive import (
    SUBJECT,
    SUITE,
    add_differences,
    add_file,
    add_suite,
    add_text,
    subject_files,
    subject_json,
)
from anyunix.run.building import BUILD_SECONDS
from anyunix.run.cell import PROBE_SECONDS, Cell

BASES, CHANGES, COPIES = PurePosixPath("bases"), PurePosixPath("changes"), PurePosixPath("copies")
BUILD_FILE, TURNS_FILE, RESULTS = PurePosixPath("copies.json"), PurePosixPath("turns.json"), PurePosixPath("turns.done")
BUILD_SCRIPT, TURNS_SCRIPT = SUITE / "build_copies.py", SUITE / "run_turns.py"
BUILDS_AT_ONCE = 2


@dataclass(frozen=True)
class CellCopy:
    """A cell, and the copy of its subject there."""

    number: int
    cell: Cell
    original: Subject
    """The subject without a fault, of whose files the copy is made."""
    built: Mapping[PurePosixPath, Path] | None
    """What was built here, because the platform cannot; None for a copy that is built there, if at all."""

    @property
    def name(self) -> str:
        """Cells with the same files have the same copy."""
        return f"{self.original.name}-{self.cell.build.name}"

    @property
    def build(self) -> Sequence[str]:
        """What is to be run there."""
        return self.cell.subject.build if self.built is None else ()

    @property
    def changes(self) -> dict[PurePosixPath, Path]:
        """The files that are not the original's: path below the subject's folder -> file here."""
        subject, original = self.cell.subject, self.original
        edited = {
            name: subject.folder / name
            for name in subject_files(subject)
            if subject.folder != original.folder
            and (subject.folder / name).read_bytes() != (original.folder / name).read_bytes()
        }
        return edited | {place.relative_to(SUBJECT): file for place, file in (self.built or {}).items()}

    @property
    def environment(self) -> dict[str, str]:
        """The user's, as far as the subject asks for it."""
        return passed_on(self.cell.subject.pass_env, here=self.cell.platform.options.is_this_machine)


def by_name(copies: Iterable[CellCopy]) -> dict[str, CellCopy]:
    """The copies that are to be made, each once."""
    return {copy.name: copy for copy in copies}


def write_batch(
    path: Path,
    suite: Path,
    copies: Sequence[CellCopy],
    helpers: Mapping[PurePosixPath, Path],
    seconds: float,
    turns: int,
) -> None:
    """Write the archive. `helpers` maps a path in it to a program that was built here; `seconds` are for one turn,
    `turns` run at a time.
    """
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        add_suite(tar, suite)
        for place, program in helpers.items():
            add_file(tar, program, place, mode=0o755)
        add_differences(tar, copies[0].cell.platform.switched_on)
        for original in {copy.original.name: copy.original for copy in copies}.values():
            for file in subject_files(original):
                add_file(tar, original.folder / file, BASES / original.name / file)
        for name, copy in by_name(copies).items():
            for place, changed in copy.changes.items():
                add_file(tar, changed, CHANGES / name / place)
            add_text(tar, CHANGES / name / "subject.json", subject_json(copy.cell.subject))
        add_text(tar, BUILD_FILE, json.dumps({"side_by_side": BUILDS_AT_ONCE, "copies": _wanted_copies(copies)}))
        add_text(tar, TURNS_FILE, json.dumps({"side_by_side": turns, "turns": _wanted_turns(copies, seconds)}))


def _wanted_copies(copies: Sequence[CellCopy]) -> list[dict[str, Any]]:
    """For suite/build_copies.py."""
    return [
        {
            "base": str(BASES / copy.original.name),
            "changes": str(CHANGES / name),
            "folder": str(COPIES / name),
            "build": list(copy.build),
            "environment": {**copy.environment, **copy.cell.build.environment},
            "seconds": BUILD_SECONDS * copy.cell.platform.slowness,
        }
        for name, copy in by_name(copies).items()
    ]


def _wanted_turns(copies: Sequence[CellCopy], seconds: float) -> list[dict[str, Any]]:
    """For suite/run_turns.py; those with the most probes first."""
    return [
        {
            "number": copy.number,
            "subject": str(COPIES / copy.name / "subject.json"),
            "arguments": _arguments(copy.cell),
            "environment": {**copy.environment, "ANYUNIX_BIND": copy.cell.bind, "ANYUNIX_WORKERS": "1"},
            "seconds": seconds,
        }
        for copy in sorted(copies, key=lambda copy: -len(copy.cell.probes))
    ]


def _arguments(cell: Cell) -> list[str]:
    """For pytest."""
    return [
        *("-p", "pytest_timeout", "--color=no", "-v", f"--rootdir={SUITE}", "-c", f"{SUITE}/pytest.ini"),
        *(["--timeout", str(PROBE_SECONDS * cell.platform.slowness)] if cell.platform.slowness > 1 else []),
        *(str(SUITE / probe) for probe in cell.probes),
    ]
