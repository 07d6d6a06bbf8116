"""A run inside GitLab CI: a Code Quality report, which merge requests show beside the changed lines."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from anyunix.report.notes import Note, Subjects, notes
from anyunix.report.out_folder import OutFolder
from anyunix.results.model import Matrix
from anyunix.text import safe

FILE = "gl-code-quality.json"
"""For `artifacts: {reports: {codequality: anyunix-out/gl-code-quality.json}}`."""


def report(matrix: Matrix, environment: Mapping[str, str], subjects: Subjects, out: OutFolder) -> None:
    """Write it into the run's folder; nothing outside of GitLab CI."""
    if environment.get("GITLAB_CI") == "true":
        repository = Path(environment.get("CI_PROJECT_DIR") or ".")
        out.write_file(out.path / FILE, lambda: code_quality(matrix, subjects, repository))


def code_quality(matrix: Matrix, subjects: Subjects, repository: Path) -> bytes:
    """One entry for each failure that has a place in the repository, as JSON."""
    return msgspec.json.encode([_entry(note) for note in notes(matrix, subjects, repository) if note.place])


def _entry(note: Note) -> dict[str, object]:
    """The fingerprint is the same in the next run, so that GitLab tells what is new from what is mended."""
    assert note.place
    file, line = note.place
    return {
        "description": safe(f"{note.title} {note.text}".replace("\n", " ")),
        "check_name": safe(note.probe),
        "fingerprint": hashlib.sha256(f"{note.probe}\0{file}".encode(errors="replace")).hexdigest(),
        "severity": "major",
        "location": {"path": safe(file), "lines": {"begin": line}},
    }
