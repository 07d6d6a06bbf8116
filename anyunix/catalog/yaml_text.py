"""YAML text to plain data, within limits: every error names file and line, and the key where there is one.

What people write here is JSON and dates: null, true and false, numbers, texts, lists, mappings.
"""

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.reader import ReaderError

from anyunix.errors import ConfigurationError
from anyunix.results.json_values import DEPTH_LIMIT, INTEGERS
from anyunix.text import first_line, safe

NODES_LIMIT = 20_000
"""Values in a file, those that an alias repeats counted each time: a few lines of aliases can stand for billions."""
NUMBER_LIMIT = 40
"""Characters of a number."""
SHOWN, KEY_SHOWN, PROBLEM_SHOWN = 40, 200, 300
"""Characters of a value, of a key with those around it, and of what pyyaml says that an error repeats."""
TAGS = "tag:yaml.org,2002:"
MERGE = f"{TAGS}merge"
SCALARS = {
    "null": "null",
    "bool": "true or false",
    "int": "whole number",
    "float": "number",
    "str": "text",
    "timestamp": "date",
}
SURROGATE = re.compile("[\ud800-\udfff]")
BAD_SCALAR = (ValueError, LookupError, AttributeError, TypeError, OverflowError)
"""What pyyaml's constructors raise, unwrapped, for a scalar that is not what it looks like: 2027-02-30, !!bool x."""


def parse_yaml(path: Path, text: str) -> Any:
    """What a text, the content of `path`, says as YAML; None for an empty one. Raises ConfigurationError."""
    try:
        return _Loader(text).data()
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not YAML: {_why(error, text)}") from None
    except _Refused as error:
        raise ConfigurationError(f"{path}: {error}") from None


def line_of(text: str, key: str) -> int:
    """The line of the deepest part of `key` that is in a text which parse_yaml takes, such as `bind.dual`; else 0."""
    line, rest = 0, key
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    while isinstance(node, yaml.MappingNode):
        inside = node.value
        node = None
        for name, value in inside:
            if isinstance(name, yaml.ScalarNode) and f"{rest}.".startswith(f"{name.value}."):  # names may hold dots
                line, rest, node = name.start_mark.line + 1, rest[len(name.value) + 1 :], value
                break
    return line


def kind(value: object) -> str:
    """What a value is, in a user's words: `a list`, `keys and values`, the value itself."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return f"{value!r:.60}"


class _Refused(Exception):
    """YAML, but not what is read here: the text says line, key and reason."""

    def __init__(self, node: yaml.Node, keys: tuple[str, ...], reason: str) -> None:
        key = f"key {safe('.'.join(keys))[-KEY_SHOWN:]!r}: " if keys else ""
        super().__init__(f"line {node.start_mark.line + 1}: {key}{reason}")


class _Loader(yaml.SafeLoader):
    """pyyaml's reader of nodes within limits, and plain data made of them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """One value; pyyaml composes those inside of it through this too."""
        self._depth += 1
        self._nodes += 1
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self._depth > DEPTH_LIMIT:
            raise ComposerError(None, None, f"nested deeper than {DEPTH_LIMIT} levels", mark)
        if self._nodes > NODES_LIMIT:
            raise ComposerError(None, None, f"more than {NODES_LIMIT} values", mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def data(self) -> Any:
        """What the one document says. Raises YAMLError and _Refused."""
        node = self.get_single_node()
        self._nodes = 0
        return None if node is None else self._made(node, ())

    def _made(self, node: yaml.Node, keys: tuple[str, ...]) -> Any:
        """A value, anew for each alias: so that what aliases repeat is counted, and circles have a depth."""
        self._nodes += 1
        if len(keys) > DEPTH_LIMIT:
            raise _Refused(node, keys, f"nested deeper than {DEPTH_LIMIT} levels by aliases")
        if self._nodes > NODES_LIMIT:
            raise _Refused(node, keys, f"more than {NODES_LIMIT} values by aliases")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, keys)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{TAGS}seq":
            return [self._made(item, (*keys, str(number))) for number, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == f"{TAGS}map":
            return self._mapping(node, keys)
        raise _Refused(node, keys, f"the tag {node.tag[:SHOWN]!r} has no use here")

    def _mapping(self, node: yaml.MappingNode, keys: tuple[str, ...]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        names: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _Refused(key, keys, "a list or mapping cannot be a key")
            made = self._scalar(key, keys)
            name = str(made)
            if name in names:  # pyyaml keeps the last and says nothing
                raise _Refused(key, (*keys, name), "the second of its name would replace the first; merge them")
            names.add(name)
            inner = self._made(value, (*keys, name))
            if key.tag == MERGE:
                merged = _merged(value, inner, (*keys, name))
            else:
                found[made] = inner
        return {**merged, **found}

    def _scalar(self, node: yaml.ScalarNode, keys: tuple[str, ...]) -> Any:
        kind, shown = node.tag.removeprefix(TAGS), repr(node.value[:SHOWN])
        if node.tag in (MERGE, f"{TAGS}value"):  # << and = are words where they are no keys
            return node.value
        if kind not in SCALARS:
            raise _Refused(node, keys, f"the tag {node.tag[:SHOWN]!r} has no use here")
        if kind in ("int", "float") and len(node.value) > NUMBER_LIMIT:
            raise _Refused(node, keys, f"a number of {len(node.value)} characters; at most {NUMBER_LIMIT} are read")
        try:
            value = self.construct_object(node)
        except BAD_SCALAR as error:
            why = f" ({error})" if type(error) is ValueError else ""
            raise _Refused(node, keys, f"{shown} is no {SCALARS[kind]}{why}") from None
        if isinstance(value, int) and value not in INTEGERS:
            raise _Refused(node, keys, f"{shown} is a number of more than 64 bits")
        if isinstance(value, str) and SURROGATE.search(value):
            raise _Refused(node, keys, f"{shown} holds a surrogate, which is no character")
        return value


def _merged(node: yaml.Node, made: Any, keys: tuple[str, ...]) -> dict[Any, Any]:
    """What a key << adds: a mapping, or a list of them of which the first goes before."""
    listed = made if isinstance(made, list) else [made]
    if not all(isinstance(each, dict) for each in listed):
        raise _Refused(node, keys, "expected a mapping, or a list of them, whose keys are taken over")
    return {key: value for each in reversed(listed) for key, value in each.items()}


def _why(error: yaml.YAMLError, text: str) -> str:
    """In one line, with the place, and with what it mostly is: reasons about networks hold `:: `."""
    if isinstance(error, ReaderError):
        return (
            f"line {text.count(chr(10), 0, error.position) + 1}: a character that YAML does not allow, "
            f"U+{ord(text[error.position]):04X}"
        )
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return first_line(str(error))[:PROBLEM_SHOWN] or type(error).__name__
    mark, problem = error.problem_mark, safe(str(error.problem))[:PROBLEM_SHOWN]
    hint = "; a text that holds ': ' needs quotes around it" if problem.startswith("mapping values") else ""
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}{hint}"
