"""How long cells took: those that take longest begin first in the next run, and plans are balanced by it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from anyunix.host.regular import read_regular
from anyunix.host.user_cache import user_cache
from anyunix.host.whole_file import write_whole
from anyunix.results.model import CellId, CellResult

FILE = "cell-times.json"
SIZE_LIMIT = 4 * 1024 * 1024
"""Bytes of the file that are read at most."""
REMEMBERED = 10_000
"""Cells, at most: those that ran last."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=10_000_000)]


def cell_times_file() -> Path | None:
    """In the user's cache, where there is one."""
    cache = user_cache()
    return cache and cache / FILE


def read_cell_times(path: Path | None) -> dict[CellId, float]:
    """What cells took in earlier runs, in seconds; empty where there is no file, or no such file."""
    try:
        rows = msgspec.json.decode(read_regular(path, SIZE_LIMIT), type=list[tuple[CellId, Seconds]]) if path else []
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return dict(rows)


def keep_cell_times(path: Path, results: Iterable[CellResult], repeat: int = 1) -> None:
    """For the next run, of cells in which the whole suite ran `repeat` times; what cannot be kept costs nothing but
    time.
    """
    ran = {result.id: without_facts(result) / repeat for result in results if result.status == "ran" and result.probes}
    known = {cell: seconds for cell, seconds in read_cell_times(path).items() if cell not in ran}
    rows = [*known.items(), *ran.items()][-REMEMBERED:]
    try:
        write_whole(path, msgspec.json.encode(rows))
    except OSError:
        return


def without_facts(result: CellResult) -> float:
    """How long a cell took, in seconds, without the share of the facts: another cell may measure them the next time."""
    facts = sum(probe.seconds for probe in result.probes if probe.kind == "fact")
    contracts = sum(probe.seconds for probe in result.contracts)
    return result.seconds * contracts / (facts + contracts) if contracts else result.seconds
