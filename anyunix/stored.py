"""matrix.json: a run's typed results, written and read again. What is read may come from anywhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from anyunix import __version__
from anyunix.errors import ConfigurationError
from anyunix.results import Matrix, PlatformResult, Probe
from anyunix.values import unfit

SCHEMA = 1
FILE = "matrix.json"
SIZE_LIMIT = 100 * 1024 * 1024
"""Bytes of a matrix.json that are read at most."""


def encode(matrix: Matrix) -> bytes:
    """The content of matrix.json."""
    document = {"schema": SCHEMA, "anyunix": __version__, **msgspec.to_builtins(matrix)}
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def read_matrix(path: Path) -> Matrix:
    """Read a matrix.json, or the one in a run's folder. Raises ConfigurationError naming file, place and reason."""
    file = path / FILE if path.is_dir() else path
    try:
        with file.open("rb") as stream:
            data = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}; "
                                 "`anyunix run --out DIR` writes DIR/matrix.json") from None
    if len(data) > SIZE_LIMIT:
        raise ConfigurationError(f"{file}: larger than the {SIZE_LIMIT} bytes that are read")
    try:
        document: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{file}: not JSON: {error}") from None
    if not isinstance(document, dict) or "schema" not in document:
        raise ConfigurationError(f"{file}: not a matrix.json of anyunix: no key 'schema' at the top")
    if document["schema"] != SCHEMA:
        raise ConfigurationError(f"{file}: schema {document['schema']!r:.40}; this anyunix reads schema {SCHEMA}: "
                                 "use the version that wrote it")
    try:
        matrix = msgspec.convert(document, Matrix)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ConfigurationError(f"{file}: {error}") from None
    for where, value in _values(matrix):
        if reason := unfit(value):
            raise ConfigurationError(f"{file}: {where} is {reason}")
    return matrix


def _values(matrix: Matrix) -> Iterator[tuple[str, Any]]:
    """Everything that may be of any shape, and where it is."""
    for platform in matrix.platforms:
        for name, value in _facts(platform):
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
