"""A subject around any_server.py, its file as a user would write it, and what probes find about it on this machine."""

from pathlib import Path

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import LocalDriver, LocalOptions
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions

SERVER = Path(__file__).with_name("any_server.py")
SUBJECT = """\
title: a server
files: [any_server.py]
start: ["{python}", -IS, any_server.py, "{port}"]
ready: {port: true}
talk: {send: "hi\\n", expect: "^hello$"}
promises: {sighup: quick}
"""
BINDING, PROCESSES, SIGNALS = (
    f"{group}/test_any_server_contracts.py::test_" for group in ("binding", "processes", "signals")
)


def written(folder: Path, **changed: str) -> Subject:
    """A subject from a file with some of its lines changed."""
    (folder / SERVER.name).write_text(SERVER.read_text())
    kept = [line for line in SUBJECT.splitlines() if line.partition(":")[0] not in changed]
    path = folder / "mine.yaml"
    path.write_text("\n".join([*kept, *(f"{key}: {value}" for key, value in changed.items())]) + "\n")
    return read_subject(path)


def held(catalog: Catalog, subject: Subject, *probes: str, suite: Path | None = None) -> CellResult:
    """A subject on this machine, held against some probes of the real suite, or of a copy."""
    cell = Cell(subject, Platform("local", "this machine", LocalOptions()), next(iter(subject.binds)), probes=probes)
    result = CellRun(cell, LocalDriver(), SuiteOptions(suite or catalog.suite), lambda text: None).run()
    assert result.status == "ran", result.reason
    return result
