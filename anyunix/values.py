"""Facts' values compared as JSON: 1 and true are two of them, which Python's == denies."""

import json
from collections.abc import Iterable
from typing import Any


def written(value: Any) -> str:
    """The same text for equal values only; the order of an object's keys says nothing."""
    return json.dumps(value, sort_keys=True)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON."""
    return written(one) == written(other)


def distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values without doubles, in their order."""
    return tuple({written(value): value for value in values}.values())
