"""JUnit files of any test suite, of several platforms, become a matrix: each test is a contract of one subject.

A test that some platform has and another has not was not tried there. Nothing is measured: there are no facts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_regular
from anyunix.results.any_junit import Suite, one_each, read_any_junit, results_of
from anyunix.results.junit import XML_LIMIT, BadResults
from anyunix.results.matrix_file import FILE, read_matrix
from anyunix.results.model import PART_OF_A_NAME, Artifacts, CellResult, Identity, Matrix, PlatformResult, Probe
from anyunix.run.matrix import choose_reference
from anyunix.text import nearest

DRIVER = "import"
"""Of platforms whose results came from elsewhere."""
BIND = "default"
"""The bind mode of imported cells: nobody knows of any."""
IDENTITY = Identity(version="import-1", suite="import")
"""Of all imported results: another number when IDs are made in another way."""
MISSING = "not tried: no result of this name came"
FILES_LIMIT = 5_000
"""JUnit files of one platform, at most: some suites write one for each class."""
UNNAMED = "tests"


@dataclass(frozen=True)
class PlatformFiles:
    """Where the results of one platform are: files, or folders with files ending in .xml."""

    platform: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Imported:
    """The results of one platform."""

    result: CellResult
    artifacts: Artifacts


def read_sources(sources: Iterable[PlatformFiles], subject: str, before: Matrix | None) -> list[Imported]:
    """What the files of each platform say. `subject` is empty for the suite's own name; `before` is what is there.

    A platform whose files are not there did not run, and one whose files cannot be read broke. Raises
    ConfigurationError for names, and when there are no results at all.
    """
    read = {source.platform: _read(source) for source in sources}
    suites = [suite for found in read.values() if isinstance(found, list) for suite, _ in found]
    if not suites and before is None:
        raise ConfigurationError(
            "\n".join(f"{name}: {found.reason}" for name, found in read.items() if isinstance(found, CellResult))
        )
    known = {cell.subject for cell in before.cells} if before else set[str]()
    name = subject or (_common_name(suites) if suites else sorted(known)[0])
    if not PART_OF_A_NAME.fullmatch(name):
        raise ConfigurationError(f"--subject: {name!r:.80} cannot be a name: expected 64 characters at most, without /")
    return [_imported(platform, name, found) for platform, found in read.items()]


def matrix_of(
    new: Sequence[Imported], before: Matrix | None, reference: str, required: Sequence[str], now: datetime | None = None
) -> Matrix:
    """One matrix of what was read now and of what an earlier import had, if that is to stay.

    Raises ConfigurationError for a reference that is no platform of it.
    """
    cells = {cell.id: _unjudged(cell) for cell in before.cells} if before else {}
    cells |= {each.result.id: each.result for each in new}
    found = _completed(list(cells.values()))
    names = list(dict.fromkeys(cell.platform for cell in found))
    for option, asked in (("reference", [reference] if reference else []), ("require", required)):
        for name in asked:
            if name not in names:
                raise ConfigurationError(
                    f"--{option} {name}: no such platform{nearest(name, names)}; there are {', '.join(names)}"
                )
    earlier = before.required if before else ()
    return Matrix(
        platforms=tuple(_platform(name, found) for name in names),
        cells=tuple(found),
        reference=choose_reference(reference or (before.reference if before else ""), found),
        required=tuple(dict.fromkeys([*earlier, *(each.result.platform for each in new), *required])),
        started=(now or datetime.now(timezone.utc)).isoformat(timespec="seconds"),
        seconds=sum(cell.seconds for cell in found),
        identity=IDENTITY,
    )


def earlier_import(folder: Path) -> Matrix | None:
    """What earlier imports left in a folder. Raises ConfigurationError for the results of a run."""
    if not (folder / FILE).exists():
        return None
    matrix = read_matrix(folder)
    if matrix.identity != IDENTITY:
        raise ConfigurationError(
            f"--out {folder}: {folder / FILE} is not of `anyunix import`, and nothing is added to a run's: name "
            "another folder, or remove it"
        )
    return matrix


def _read(source: PlatformFiles) -> list[tuple[Suite, bytes]] | CellResult:
    """The suites with the files' content; a cell with nothing but the reason where that cannot be."""
    found: list[tuple[Suite, bytes]] = []
    nothing = CellResult("", source.platform, BIND, "error")
    for path in source.paths:
        files = sorted(path.rglob("*.xml"))[:FILES_LIMIT] if path.is_dir() else [path]
        if not files:
            return replace(nothing, status="not-run", reason=f"{path}: no file in it ends in .xml")
        for file in files:
            try:
                data = read_regular(file, XML_LIMIT)
                found.append((read_any_junit(data), data))
            except FileNotFoundError:
                return replace(nothing, status="not-run", reason=f"{file}: no such file: the tests left no results")
            except OSError as error:
                return replace(nothing, reason=f"{file}: cannot be read: {error.strerror}")
            except BadResults as error:
                return replace(nothing, reason=f"{file}: {error}")
    return found


def _common_name(suites: Iterable[Suite]) -> str:
    """Raises ConfigurationError where it is not the same in all files."""
    names = sorted({"-".join(suite.name.replace("/", "-").split()) for suite in suites})
    if len(names) > 1:
        few = ", ".join(repr(name) for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        raise ConfigurationError(f"the files are of suites called {few}: name what is tested: --subject NAME")
    return names[0] or UNNAMED


def _imported(platform: str, subject: str, found: list[tuple[Suite, bytes]] | CellResult) -> Imported:
    if isinstance(found, CellResult):
        return Imported(replace(found, subject=subject), Artifacts())
    probes = one_each(probe for suite, _ in found for probe in suite.probes)
    result = CellResult(
        subject,
        platform,
        BIND,
        "ran",
        probes=tuple(probes.values()),
        seconds=sum(probe.seconds for probe in probes.values()),
    )
    return Imported(result, Artifacts(tuple(data for _, data in found)))


def _unjudged(cell: CellResult) -> CellResult:
    """Without what an earlier judgement wrote into it, which more platforms and other expectations may change."""
    return replace(
        cell, probes=tuple(replace(each, expected="", failure_kind="", explanation="") for each in cell.probes)
    )


def _completed(cells: Sequence[CellResult]) -> list[CellResult]:
    """Each with all tests of its subject: those that only others have were not tried."""
    wanted: dict[str, dict[str, int]] = {}  # subject -> test -> how many results of its name came, at most
    for cell in cells:
        tests = wanted.setdefault(cell.subject, {})
        for probe in cell.probes:
            if probe.message != MISSING:  # of an earlier import
                tests[probe.id] = max(tests.get(probe.id, 0), results_of(probe))
    return [
        replace(cell, probes=_with_all(cell.probes, wanted[cell.subject])) if cell.status == "ran" else cell
        for cell in cells
    ]


def _with_all(probes: Iterable[Probe], wanted: Mapping[str, int]) -> tuple[Probe, ...]:
    own = {probe.id: probe for probe in probes}
    absent = {name: Probe(name, "contract", "skipped", MISSING) for name in wanted}
    return tuple(_whole(own.get(name, absent[name]), count) for name, count in wanted.items())


def _whole(probe: Probe, count: int) -> Probe:
    """Fewer results of a name than elsewhere are not all that was to be kept."""
    if not probe.kept or results_of(probe) >= count:
        return probe
    return replace(
        probe, outcome="skipped", message=f"not tried: {results_of(probe)} of {count} results of this name came"
    )


def _platform(name: str, cells: Iterable[CellResult]) -> PlatformResult:
    own = [cell for cell in cells if cell.platform == name]
    best = min(own, key=lambda cell: ("ran", "error", "not-run").index(cell.status))
    return PlatformResult(name, name, DRIVER, best.status, "" if best.status == "ran" else best.reason)
