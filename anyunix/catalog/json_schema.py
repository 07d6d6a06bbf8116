"""JSON Schema of the files that people write, from the types that they are read into: for editors, and the docs."""

import json
from typing import Any

import msgspec

from anyunix.text import HOLDS_NO

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: str, *types: Any) -> str:
    """The schema of a kind of file, such as `subject`, which is read into a value of one of these types."""
    made, named = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    root, *others = [_as_read(each) for each in made]
    schema = {
        "$schema": DIALECT,
        "title": f"anyunix: {kind} file",
        **({"anyOf": [root, *others]} if others else root),
        "$defs": _as_read(named),
    }
    return json.dumps(schema, indent=2) + "\n"


def _as_read(node: Any) -> Any:
    """What msgspec makes of a type, with what the reader takes beyond that, and less what it refuses."""
    if isinstance(node, list):
        return [_as_read(each) for each in node]
    if not isinstance(node, dict):
        return node
    read = {key: _as_read(value) for key, value in node.items() if key not in (HOLDS_NO, "discriminator")}
    if HOLDS_NO in node and node.get("type") == "string":
        read["type"] = ["string", "number", "boolean"]
    if node.get("type") == "object" and "properties" in node:
        read["additionalProperties"] = False
    if not read.get("propertyNames", True):
        del read["propertyNames"]
    return read
