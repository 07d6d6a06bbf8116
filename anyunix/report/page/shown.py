"""JSON values in words."""

import json
from collections.abc import Mapping
from typing import Any


def shown(value: Any) -> str:
    """A fact's value for a reader; a text that could be taken for another JSON value keeps its quotes.

    >>> shown("EINVAL"), shown("1"), shown([1, "x"]), shown({"soft": 4, "hard": None})
    ('EINVAL', '"1"', '1, x', 'soft: 4, hard: null')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_nested(item)}" for key, item in value.items()) or "{}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_nested(item) for item in value) or "[]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _nested(value: Any) -> str:
    text = shown(value)
    return f"[{text}]" if value and isinstance(value, (Mapping, list, tuple)) else text


def _text(value: str) -> str:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return value or '""'
    return f'"{value}"'
