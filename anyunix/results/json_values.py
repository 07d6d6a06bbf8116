"""Facts' values: JSON that any reader of a matrix.json takes, and compared as such: 1 and true are two of them, which
Python's == denies.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

DEPTH_LIMIT = 20
"""Lists and mappings inside of each other, at most: every reader of results walks through them."""
INTEGERS = range(-(2**63), 2**64)
"""What JSON readers of other languages take, and msgspec writes."""


def unfit(value: Any, depth: int = 0) -> str:
    """Why a value can be no fact's, as `a list or mapping nested deeper than 20`; empty for one that can."""
    if isinstance(value, (dict, list, tuple)):
        if depth == DEPTH_LIMIT:
            return f"a list or mapping nested deeper than {DEPTH_LIMIT}"
        if isinstance(value, dict) and (odd := [key for key in value if not isinstance(key, str)]):
            return f"a mapping with a key that is no text: {odd[0]!r:.40}"
        items = [*value, *value.values()] if isinstance(value, dict) else value
        return next(filter(None, (unfit(item, depth + 1) for item in items)), "")
    if isinstance(value, str):
        return "" if value.encode(errors="replace").decode() == value else "a text with half a character (a surrogate)"
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        return "" if value in INTEGERS else "a whole number of more than 64 bits"
    if isinstance(value, float):
        return "" if math.isfinite(value) else f"{value}, which JSON does not have"
    return f"a value of type {type(value).__name__}, which JSON does not have"


def written(value: Any) -> str:
    """The same text for equal values only; the order of an object's keys says nothing."""
    return json.dumps(value, sort_keys=True)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON."""
    return written(one) == written(other)


def claimed(value: Any, before: Any) -> Any:
    """What a claim makes of the value that was there: of a mapping, a mapping claims those keys alone that it names."""
    return {**before, **value} if isinstance(value, dict) and isinstance(before, dict) else value


def holds(value: Any, measured: Any) -> bool:
    """Whether a claim is true of what was measured."""
    return same(claimed(value, measured), measured)


def distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values without doubles, in their order."""
    return tuple({written(value): value for value in values}.values())
