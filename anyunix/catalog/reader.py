"""The files that people write: YAML -> typed values. Every error names file, line, key and what is expected."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from anyunix.catalog.typed import SHOWN, Misfit, typed
from anyunix.catalog.yaml_text import kind, line_of, parse_yaml
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.results.json_values import unfit
from anyunix.results.model import Documented
from anyunix.text import nearest, safe, shortened

T = TypeVar("T")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
PART_OF_A_NAME = re.compile(r"[^/\x00-\x1f\x7f]{1,64}")
"""Of a folder's."""


def read_file(path: Path, wanted: type[T]) -> T:
    """What a file says, as a value of that type. Raises ConfigurationError."""
    return convert(path, load_yaml(path), wanted)


def convert(path: Path, data: Any, wanted: type[T]) -> T:
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


class Reader:
    """Takes keys out of one file's mapping, checking each; what was never asked for is unknown."""

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        self._path, self._data = path, data
        self._asked: list[str] = []

    def error(self, key: str, reason: str) -> ConfigurationError:
        return key_error(self._path, key, reason)

    def name(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ConfigurationError(f"{self._path}: the file's name has to be letters, digits and . _ - only")
        return name

    def text(self, key: str, default: str | None = None) -> str:
        value = str(self._value(key, default, (str, int, float), "a text"))
        if value != safe(value):
            raise self.error(key, f"holds control characters, found {value[:SHOWN]!r}")
        return value

    def number(self, key: str, default: int) -> int:
        value = self._value(key, default, (int,), "a whole number")
        if isinstance(value, bool) or value < 1:
            raise self.error(key, f"expected a whole number above 0, found {value!r}")
        return int(value)

    def flag(self, key: str, default: bool) -> bool:
        return bool(self._value(key, default, (bool,), "true or false"))

    def choice(self, key: str, choices: Iterable[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in choices:
            known = ", ".join(filter(None, choices))
            raise self.error(key, f"unknown {value!r}{nearest(value, choices)}; known: {known}")
        return value

    def words(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        value = self._value(key, None if required else [], (list,), "a list of words")
        return self._strings(key, value)

    def mapping(self, key: str) -> dict[str, str]:
        value = self._value(key, {}, (dict,), "keys and values")
        return dict(zip(self._strings(key, list(value)), self._strings(key, value.values()), strict=True))

    def binds(self, key: str) -> dict[str, tuple[str, ...]]:
        value = self._value(key, {"default": []}, (dict,), "bind modes, each with its list of arguments")
        if not value:
            raise self.error(key, "expected at least one bind mode; leave the key out for a server that has none")
        for mode in value:
            if not PART_OF_A_NAME.fullmatch(str(mode)):
                raise self.error(
                    f"{key}.{mode}", "a bind mode's name has at most 64 characters, and no / or control character"
                )
        return {str(mode): self._strings(f"{key}.{mode}", arguments) for mode, arguments in value.items()}

    def documented(self, key: str) -> dict[str, Documented]:
        value = self._value(key, {}, (dict,), "fact names, each with its value and source")
        for name, entry in value.items():
            if not isinstance(entry, dict) or set(entry) != {"value", "source"} or not isinstance(entry["source"], str):
                raise self.error(f"{key}.{name}", "expected the keys value and source (a text), and no other")
            if reason := unfit(entry["value"]):
                raise self.error(
                    f"{key}.{name}.value", f"expected what JSON can say, found {reason}; quotes make a text of it"
                )
        return {str(name): Documented(entry["value"], entry["source"]) for name, entry in value.items()}

    def anything(self, key: str, expected: str, default: Any = None) -> Any:
        """The value as it is, for whoever checks it; `expected` says what is missing when it is."""
        return self._value(key, default, (object,), expected)

    def reject_unknown(self) -> None:
        for key in self._data:
            if key not in self._asked:
                known = [*self._asked, "extends"] if "driver" in self._asked else self._asked
                raise self.error(str(key), f"unknown key{nearest(str(key), known)}; known: {', '.join(known)}")

    def _value(self, key: str, default: Any, kinds: tuple[type, ...], expected: str) -> Any:
        self._asked.append(key)
        value = self._data.get(key, default)
        if value is None:
            raise self.error(key, f"missing; expected {expected}")
        if not isinstance(value, kinds):
            raise self.error(key, f"expected {expected}, found {kind(value)}")
        return value

    def _strings(self, key: str, values: Any) -> tuple[str, ...]:
        if isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
            raise self.error(key, f"expected a list of words, found {kind(values)}")
        listed = list(values)
        for value in listed:
            if not isinstance(value, (str, int, float)):
                raise self.error(key, f"expected words or numbers, found {kind(value)}")
            if "\0" in str(value):  # no file's name, argument or variable can
                raise self.error(key, f"holds a NUL character, found {value!r}")
        return tuple(map(str, listed))
