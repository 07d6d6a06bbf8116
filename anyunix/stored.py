"""matrix.json: a run's typed results, written and read again. What is read may come from anywhere."""

from pathlib import Path
from typing import Any

import msgspec

from anyunix import __version__
from anyunix.errors import ConfigurationError
from anyunix.regular import read_regular
from anyunix.results import Matrix
from anyunix.yamlfile import NAME

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
        data = read_regular(file, SIZE_LIMIT)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}; "
                                 "`anyunix run --out DIR` writes DIR/matrix.json") from None
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
    for number, cell in enumerate(matrix.cells):
        for name in (cell.subject, cell.platform, cell.bind, cell.build):
            if not NAME.fullmatch(name):  # they become the name of a folder
                raise ConfigurationError(f"{file}: a name of letters, digits and . _ - expected, found {name!r:.60} "
                                         f"- at `$.cells[{number}]`")
    return matrix
