"""matrix.json: a run's typed results, written and read again. Input is untrusted."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from anyunix import __version__
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_regular
from anyunix.results.json_values import unfit
from anyunix.results.model import PART_OF_A_NAME, CellResult, Matrix, PlatformResult, Probe
from anyunix.results.shared_facts import read_again, written_once

SCHEMA = 1
FILE = "matrix.json"
ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
"""What a difference, a fact and a worker may be called."""
SIZE_LIMIT = 100 * 1024 * 1024
"""Bytes of a matrix.json that are read at most."""


def encode(matrix: Matrix) -> bytes:
    """The content of matrix.json."""
    return b"".join(encode_in_pieces(matrix))


def encode_in_pieces(matrix: Matrix) -> Iterator[bytes]:
    """The same, a cell at a time: all cells in every shape on the way to JSON take five times the room of the file."""
    matrix = written_once(matrix)
    document = {"schema": SCHEMA, "anyunix": __version__, **msgspec.to_builtins(replace(matrix, cells=()))}
    before, no_cells, after = _formatted(document).partition(b'\n "cells": []')
    if not matrix.cells:
        yield before + no_cells + after
        return
    yield before + b'\n "cells": ['
    for number, cell in enumerate(matrix.cells):
        yield (b",\n  " if number else b"\n  ") + _formatted(cell).replace(b"\n", b"\n  ")
    yield b"\n ]" + after


def _formatted(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)


def read_matrix(path: Path) -> Matrix:
    """Read a matrix.json, or the one in a run's folder. Raises ConfigurationError naming file, place and reason."""
    file = path / FILE if path.is_dir() else path
    try:
        data = read_regular(file, SIZE_LIMIT)
    except OSError as error:
        raise ConfigurationError(
            f"{file}: cannot be read: {error.strerror}; `anyunix run --out DIR` writes DIR/matrix.json"
        ) from None
    try:
        document: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{file}: not JSON: {error}") from None
    if not isinstance(document, dict) or "schema" not in document:
        raise ConfigurationError(f"{file}: not a matrix.json of anyunix: no key 'schema' at the top")
    if document["schema"] != SCHEMA:
        raise ConfigurationError(
            f"{file}: schema {document['schema']!r:.40}; this anyunix reads schema {SCHEMA}: "
            "use the version that wrote it"
        )
    try:
        matrix = read_again(msgspec.convert(document, Matrix))
    except (msgspec.ValidationError, RecursionError) as error:
        raise ConfigurationError(f"{file}: {error}") from None
    if reason := strange_in(matrix):
        raise ConfigurationError(f"{file}: {reason}")
    return matrix


def strange_in(matrix: Matrix) -> str:
    """Why a matrix whose types are right is none that anyunix wrote; empty for one that it may have written."""
    unfit_values = (f"{where} is {reason}" for where, value in _values(matrix) if (reason := unfit(value)))
    return next(unfit_values, "") or _strange_name(matrix)


def _values(matrix: Matrix) -> Iterator[tuple[str, Any]]:
    """Everything that may be of any shape, and where it is."""
    for platform in matrix.platforms:
        for name, value in _facts(platform):
            yield f"fact {name!r:.80} of platform {platform.name!r:.80}", value
        for probe in platform.probes:
            for name, value in _facts(probe):
                yield f"fact {name!r:.80} of platform {platform.name!r:.80}", value
        for name, entry in platform.documented.items():
            yield f"documented fact {name!r:.80} of platform {platform.name!r:.80}", entry.value
    for cell in matrix.cells:
        for probe in cell.probes:
            for name, value in _facts(probe):
                yield f"fact {name!r:.80} in cell {cell.key!r:.80}", value


def _facts(measured: PlatformResult | Probe) -> Iterator[tuple[str, Any]]:
    yield from measured.facts.items()
    for name, several in measured.unstable.items():
        yield from ((name, value) for value in several)


def _differences(cell: CellResult) -> Iterator[str]:
    """What causes name."""
    for probe in cell.probes:
        if probe.cause is not None:
            yield from (*probe.cause.differences, *probe.cause.facts)


def _workers(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """Where a worker is named, and how."""
    yield from ((f"$.workers[{number}]", worker.name) for number, worker in enumerate(matrix.workers))
    yield from ((f"$.cells[{number}]", cell.worker) for number, cell in enumerate(matrix.cells) if cell.worker)


def _strange_name(matrix: Matrix) -> str:
    """Why platforms cannot be told apart by their names, or cells be kept in folders of theirs; else empty."""
    for number, cell in enumerate(matrix.cells):
        for name in (cell.subject, cell.platform, cell.bind, cell.build):
            if not PART_OF_A_NAME.fullmatch(name):
                return (
                    f"{name!r:.60} is not the name of a subject, platform, bind mode or build - at `$.cells[{number}]`"
                )
    for number, names in enumerate(_differences(cell) for cell in matrix.cells):
        if (odd := next((name for name in names if not ONE_LINE.fullmatch(name)), None)) is not None:
            return f"{odd!r:.60} is not the name of a difference or of a fact - at `$.cells[{number}]`"
    for place, name in _workers(matrix):
        if not ONE_LINE.fullmatch(name):
            return f"{name!r:.60} is not the name of a worker - at `{place}`"
    for what, several in (("platforms", matrix.platforms), ("workers", matrix.workers)):
        counts = Counter(each.name for each in several)
        if (double := next((name for name, count in counts.items() if count > 1), None)) is not None:
            return f"two of the {what} are called {double!r:.80}"
    return ""
