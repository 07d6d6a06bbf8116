"""What shards brought -> one matrix, as if one machine had run it all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anyunix.analysis.expectations import FOLDER, Expectations, read_expectations
from anyunix.analysis.verdict import exit_status
from anyunix.errors import EXIT_NOT_PORTABLE, EXIT_NOT_RUN, ConfigurationError
from anyunix.results.matrix_file import FILE, read_matrix
from anyunix.results.model import PLAIN, CellId, CellResult, Matrix, PlatformResult, WorkerResult
from anyunix.run.identity import Claim, common_identity
from anyunix.run.matrix import choose_reference, facts_in
from anyunix.shards.planning import Plan

RANK = ("not-run", "error", "ran")
MISSING = "no shard brought it"
MATRICES = 10_000
"""Files that are looked at below a folder, at most."""


@dataclass(frozen=True)
class Part:
    """A shard's results, and where they were."""

    folder: Path
    matrix: Matrix


@dataclass(frozen=True)
class Merged:
    """One matrix, and whose cells it has."""

    matrix: Matrix
    sources: dict[str, Path]
    """Cell key -> the folder that its results came from."""
    missing: tuple[CellResult, ...]
    """Planned, and brought by nobody."""


def read_parts(paths: Sequence[Path], *, planned: bool = False) -> list[Part]:
    """The results in these folders, or in all folders below them. Raises ConfigurationError.

    With a plan, the folder of a shard that died may be missing: its cells are, then.
    """
    parts = []
    there = [path for path in paths if path.exists() or not planned]
    if not there:
        raise ConfigurationError(f"{', '.join(map(str, paths))}: no such folder: no shard left any results")
    for path in there:
        files = [path] if path.is_file() else [path / FILE] if (path / FILE).is_file() else sorted(path.rglob(FILE))
        if not files:
            raise ConfigurationError(f"{path}: no {FILE} in it or below it")
        parts += [Part(file.parent, read_matrix(file)) for file in files[:MATRICES]]
    return parts


def merge(parts: Sequence[Part], plan: Plan | None, reference: str | None, required: Sequence[str]) -> Merged:
    """The newest complete result of each cell. Raises ConfigurationError for parts of different things."""
    claims: list[Claim] = [("the plan", plan.identity)] if plan else []
    claims += [(str(part.folder), part.matrix.identity) for part in parts]
    identity = common_identity(claims, "are not put together; run that shard again")
    chosen = _newest(parts)
    order = [cell.id for cell in plan.cells] if plan else _order(parts)
    came = {_planned(cell) for cell, _ in chosen.values()}
    missing = tuple(
        CellResult(planned.subject, planned.platform, planned.bind, "not-run", MISSING)
        for planned in order
        if planned not in came
    )
    cells = sorted(
        [*(cell for cell, _ in chosen.values()), *missing],
        key=lambda cell: order.index(_planned(cell)) if _planned(cell) in order else len(order),
    )
    must = tuple(
        dict.fromkeys(
            [*(plan.required if plan else ()), *required, *(name for part in parts for name in part.matrix.required)]
        )
    )
    newest = max(parts, key=lambda part: part.matrix.started).matrix
    matrix = Matrix(
        platforms=tuple(_platforms(parts, cells)),
        cells=tuple(cells),
        reference=choose_reference(reference or (plan.reference if plan else None) or None, cells),
        required=must,
        texts=newest.texts,
        started=min(part.matrix.started for part in parts),
        seconds=sum(part.matrix.seconds for part in parts),
        identity=identity,
        part=newest.part,
        workers=_workers(parts),
    )
    return Merged(matrix, {cell.key: part.folder for cell, part in chosen.values()}, missing)


def expectations_of(matrix: Matrix, folder: Path | None) -> dict[str, Expectations]:
    """By the subjects' names, as their files may not be here; from ./expectations by default.

    Raises ConfigurationError.
    """
    if folder is not None and not folder.is_dir():
        raise ConfigurationError(f"--expectations {folder}: no such folder; `anyunix accept` writes one")
    files = {cell.subject: (folder or FOLDER) / f"{cell.subject}.yaml" for cell in matrix.cells}
    return {name: read_expectations(file) for name, file in files.items() if file.is_file()}


def merged_status(merged: Merged, matrix: Matrix) -> int:
    """As of a run, from the judged matrix; 3 also when a planned cell of a required platform is missing."""
    status = exit_status(matrix)
    lacking = any(cell.platform in matrix.required for cell in merged.missing)
    return EXIT_NOT_RUN if lacking and status != EXIT_NOT_PORTABLE else status


def _newest(parts: Sequence[Part]) -> dict[str, tuple[CellResult, Part]]:
    """Cell key -> its best result: one that ran before one that broke, then the newest."""
    chosen: dict[str, tuple[CellResult, Part]] = {}
    for part in sorted(parts, key=lambda part: part.matrix.started):
        for cell in part.matrix.cells:
            before = chosen.get(cell.key)
            if before is None or RANK.index(cell.status) >= RANK.index(before[0].status):
                chosen[cell.key] = (cell, part)
    return chosen


def _order(parts: Sequence[Part]) -> list[CellId]:
    """As one run has it: by subject, then bind mode, then platform, each in the order of their first appearance."""
    found = dict.fromkeys(_planned(cell) for part in parts for cell in part.matrix.cells)
    subjects, binds, platforms = (
        [*dict.fromkeys(getattr(each, name) for each in found)] for name in ("subject", "bind", "platform")
    )
    return sorted(
        found, key=lambda each: (subjects.index(each.subject), binds.index(each.bind), platforms.index(each.platform))
    )


def _workers(parts: Sequence[Part]) -> tuple[WorkerResult, ...]:
    """Each name once: what it brought in all parts, and in which way it was lost in any."""
    found: dict[str, WorkerResult] = {}
    for worker in (worker for part in parts for worker in part.matrix.workers):
        before = found.get(worker.name, WorkerResult(worker.name, 0))
        found[worker.name] = replace(worker, cells=before.cells + worker.cells, left=before.left or worker.left)
    return tuple(found.values())


def _planned(cell: CellResult) -> CellId:
    """Builds come with the plain one: a plan does not name them."""
    return replace(cell.id, build=PLAIN)


def _platforms(parts: Sequence[Part], cells: Sequence[CellResult]) -> list[PlatformResult]:
    """Each once, with the facts that all of its cells agree on. Raises ConfigurationError for two of one name."""
    found: dict[str, tuple[PlatformResult, Path]] = {}
    for part in parts:
        for platform in part.matrix.platforms:
            first, where = found.setdefault(platform.name, (platform, part.folder))
            if (platform.title, platform.driver) != (first.title, first.driver):
                raise ConfigurationError(
                    f"{part.folder}: its platform {platform.name!r} is {platform.title!r}, in {where} it is "
                    f"{first.title!r}: give one of them a file of another name (--platform ./NAME.yaml)"
                )
    names = dict.fromkeys([*(cell.platform for cell in cells), *found])
    missing = PlatformResult("", "", "", "not-run", MISSING)
    return [
        _platform(
            found[name][0] if name in found else replace(missing, name=name, title=name),
            [cell for cell in cells if cell.platform == name],
        )
        for name in names
    ]


def _platform(platform: PlatformResult, own: list[CellResult]) -> PlatformResult:
    best = max(own, key=lambda cell: RANK.index(cell.status), default=None)
    facts, unstable = facts_in(own)
    return replace(
        platform,
        status=best.status if best else platform.status,
        reason=best.reason if best else platform.reason,
        facts=facts,
        unstable=unstable,
    )
