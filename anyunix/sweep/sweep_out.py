"""The folder of a sweep: sweep.json, junit.xml and index.html, beside its journal."""

from collections.abc import Mapping, Sequence

from anyunix.catalog.difference import Difference
from anyunix.report.out_folder import OutFolder
from anyunix.sweep.sweep_json import as_json, as_junit
from anyunix.sweep.sweep_page import render
from anyunix.sweep.swept import Sweeps


def write_reports(out: OutFolder, found: Sweeps, given: Sequence[str], differences: Mapping[str, Difference]) -> None:
    """`given` is the command line of this sweep. What cannot be written is among the folder's problems."""
    out.write_file(out.path / "sweep.json", lambda: as_json(found).encode())
    out.write_file(out.path / "junit.xml", lambda: as_junit(found))
    out.write_file(out.path / "index.html", lambda: render(found, given, differences).encode(errors="replace"))
