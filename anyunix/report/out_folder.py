"""The folder of a run: matrix.json, merged junit.xml, and what each cell brought back."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from anyunix.analysis.history import History
from anyunix.host.regular import read_regular
from anyunix.host.unexpected import unexpected
from anyunix.host.whole_file import write_whole
from anyunix.report import html, markdown
from anyunix.results.matrix_file import FILE, encode_in_pieces
from anyunix.results.model import Artifacts, CellResult, Matrix, Probe
from anyunix.text import first_line, safe

KEPT = re.compile(r"junit(-\d+)?\.xml|log\.txt")
KEPT_BYTES = 50 * 1024 * 1024
"""Of one file, when another run's is copied."""


class OutFolder:
    """Keeps what cells bring back, then the reports; a file is there whole or not at all.

    What cannot be written is a problem to tell at the end; no method raises for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: dict[Path, str] = {}
        """File -> why it could not be written."""

    def keep(self, result: CellResult, artifacts: Artifacts) -> None:
        """junit.xml of the first run of the suite, junit-2.xml, … of its repeats, and what pytest said."""
        folder = self._folder(result)
        log = artifacts.log or f"{result.status}: {result.reason}\n"
        self.write_file(folder / "log.txt", lambda: log.encode(errors="replace"))
        for earlier in folder.glob("junit*.xml"):  # an earlier run's, in the same folder
            with self._told(earlier):
                earlier.unlink()
        for number, data in enumerate(artifacts.junit, 1):
            self.write_file(folder / ("junit.xml" if number == 1 else f"junit-{number}.xml"), partial(bytes, data))

    def adopt(self, result: CellResult, run: Path) -> None:
        """Copy what another run's folder has of a cell: regular files of the names that `keep` gives, and no others."""
        source, target = run / "cells" / result.key, self._folder(result)
        if source.resolve() == target.resolve() or not source.is_dir():
            return
        for file in sorted(source.iterdir()):
            if KEPT.fullmatch(file.name) and file.is_file() and not file.is_symlink():
                self.write_file(target / file.name, partial(_beginning, file))

    def write(self, matrix: Matrix) -> None:
        """Every report of a run."""
        self.write_matrix(matrix)
        self.write_file(self.path / "junit.xml", lambda: merged_junit(matrix))
        self.write_pages(matrix)

    def write_matrix(self, matrix: Matrix) -> None:
        """The results for programs: matrix.json."""
        self.write_file(self.path / FILE, lambda: encode_in_pieces(matrix))

    def write_pages(self, matrix: Matrix, history: History | None = None) -> None:
        """The pages for people: index.html, with a history where there is one, and report.md."""
        self.write_file(
            self.path / "index.html",
            lambda: (piece.encode() for piece in html.render_in_pieces(matrix, self._logs(matrix), history)),
        )
        self.write_file(self.path / "report.md", lambda: markdown.render(matrix).encode())

    def write_file(self, path: Path, content: Callable[[], bytes | Iterable[bytes]]) -> None:
        """One file of the folder, with a content that is made here so that its making is no more trouble than that."""
        with self._told(path):
            write_whole(path, content())
            self.problems.pop(path, None)

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        """A disk that is full, or a report that cannot be made of these results: the other files are written."""
        try:
            yield
        except Exception as error:
            self.problems[path] = error.strerror or str(error) if isinstance(error, OSError) else unexpected(error)

    def _logs(self, matrix: Matrix) -> dict[str, str]:
        """The logs of the cells in which something went wrong, as far as they are still there."""
        logs: dict[str, str] = {}
        for cell in matrix.cells:
            if cell.failures or cell.status == "error":
                path = self._folder(cell) / "log.txt"
                with suppress(OSError):  # a link might show another file of this machine on a page
                    if not path.is_symlink():
                        logs[cell.key] = read_regular(path, KEPT_BYTES).decode(errors="replace")
        return logs

    def _folder(self, cell: CellResult) -> Path:
        return self.path / "cells" / cell.key


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(KEPT_BYTES)


def merged_junit(matrix: Matrix) -> Iterator[bytes]:
    """All cells in one JUnit file, piece by piece: a suite a cell, and its name in front of every class name.

    A cell that did not run is one skipped test case, one that broke is one error, so that no viewer counts them as
    passed.
    """
    yield b"<?xml version='1.0' encoding='utf-8'?>\n<testsuites name=\"anyunix\">\n"
    for cell in matrix.cells:
        suite = _suite(cell, matrix.started)
        ElementTree.indent(suite, level=1)
        yield b"  " + ElementTree.tostring(suite, encoding="utf-8") + b"\n"
    yield b"</testsuites>"


def _suite(cell: CellResult, started: str) -> ElementTree.Element:
    name = cell.name.replace(" ", ".")
    probes = cell.probes if cell.status == "ran" and cell.probes else (*cell.probes, _stand_in(cell))
    suite = ElementTree.Element(
        "testsuite",
        name=name,
        tests=str(len(probes)),
        time=f"{cell.seconds:.3f}",
        timestamp=started,
        hostname=cell.platform,
        failures=str(sum(probe.outcome in ("failed", "flaky") for probe in probes)),
        errors=str(sum(probe.outcome == "error" for probe in probes)),
        skipped=str(sum(probe.outcome == "skipped" for probe in probes)),
    )
    if cell.worker:
        properties = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(properties, "property", name="worker", value=safe(cell.worker))
    for probe in probes:
        _case(suite, name, probe)
    return suite


def _stand_in(cell: CellResult) -> Probe:
    return Probe(
        "cell::runs", "contract", "skipped" if cell.status == "not-run" else "error", f"{cell.status}: {cell.reason}"
    )


def _case(suite: ElementTree.Element, name: str, probe: Probe) -> None:
    module = probe.file.removesuffix(".py").replace("/", ".")
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=safe(f"{name}.{module}"),
        name=safe(probe.id.partition("::")[2]),
        file=safe(probe.file),
        line=str(probe.line),
        time=f"{probe.seconds:.3f}",
    )
    tags = {"failed": "failure", "flaky": "failure", "error": "error", "skipped": "skipped"}
    if probe.outcome in tags:
        ElementTree.SubElement(case, tags[probe.outcome], message=first_line(probe.message)).text = safe(probe.message)
