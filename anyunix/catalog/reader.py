"""The files that people write: YAML -> typed values. Every error names file, line, key and what is expected."""

import re
from contextlib import suppress
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar

from anyunix.catalog.typed import Misfit, typed
from anyunix.catalog.yaml_text import kind, line_of, parse_yaml
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.text import shortened

T = TypeVar("T")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
Complaint = tuple[str, str]
"""The key of a file, and what is wrong with it."""


def read_file(path: Path, wanted: type[T] | UnionType) -> T:
    """What a file says, as a value of that type. Raises ConfigurationError."""
    return convert(path, load_yaml(path), wanted)


def convert(path: Path, data: Any, wanted: type[T] | UnionType) -> T:
    """What was read from a file, as a value of that type. Raises ConfigurationError."""
    try:
        return typed(data, wanted)
    except Misfit as misfit:
        raise key_error(path, ".".join(misfit.keys), misfit.reason) from None


def key_error(path: Path, key: str, reason: str) -> ConfigurationError:
    """What is wrong with a key, such as `bind.dual`; with an empty one, with the file."""
    named = f"key {shortened(key)!r}: " if key else ""
    return ConfigurationError(f"{place(path, key)}: {named}{shortened(reason)}")


def file_name(path: Path) -> str:
    """The name of what a file describes. Raises ConfigurationError."""
    if not NAME.fullmatch(path.stem):
        raise ConfigurationError(f"{path}: the file's name has to be letters, digits and . _ - only")
    return path.stem


def load_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds. Raises ConfigurationError."""
    data = parse_yaml(path, read_text(path))
    if not isinstance(data, dict):
        raise ConfigurationError(f"{path}: expected keys and values at the top, found {kind(data)}")
    return data


def place(path: Path, key: str, text: str | None = None) -> str:
    """`my.yaml: line 3`; without a line where the key is missing, or comes from a file that this one extends.

    `text` is for a content that is not, or not yet, in the file.
    """
    with suppress(ConfigurationError):
        if line := line_of(read_text(path) if text is None else text, key):
            return f"{path}: line {line}"
    return str(path)
