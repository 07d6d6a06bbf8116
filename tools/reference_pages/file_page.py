"""files.md: the files that people write, from their JSON Schemas."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reference_pages.citations import escaped, sentence

INTRODUCTION = """\
# Files

The files that you write, key by key. `anyunix schema KIND` prints the same as a JSON Schema, for editors: a first line
`# yaml-language-server: $schema=FILE` has one complete and check what you type; `anyunix init` writes it. The schemas
are also part of this site, at addresses that stay: {schemas}.

`anyunix lint` checks such files without running anything.

Any other key is an error that names the file, the line and the nearest known key.
"""
WHERE = {
    "subject": "A server under test: `anyunix run --subject FILE`; `anyunix init` writes one to start from.",
    "platform": "A machine or container that the suite runs on: `--platform FILE`, or `platforms/NAME.yaml`. "
    "A file with the key `extends` may leave out what the other one says.",
    "expectations": "Failures that are accepted: `expectations/SUBJECT.yaml`; `anyunix accept` writes them down.",
    "fault": "A deliberate fault of the chat servers: `chat/faults/NAME.yaml`, for `anyunix mutation`.",
    "difference": "A documented behaviour of other systems that is switched on for a server: `differences/NAME.yaml`.",
    "check": "Written by nobody: what `anyunix check --json` prints.",
}
"""Kind of file -> where such files are."""
Schema = Mapping[str, Any]


def file_page(schemas: Mapping[str, Schema]) -> str:
    """The page's content, from kind of file -> its schema."""
    links = ", ".join(f"[schema/{kind}.json](../schema/{kind}.json)" for kind in schemas)
    parts = [INTRODUCTION.format(schemas=links)]
    for kind, schema in schemas.items():
        parts += [f"## {kind.capitalize()} {{ #{kind} }}", "", WHERE[kind], "", *_document(kind, schema)]
    return "\n".join(parts).rstrip() + "\n"


def _document(kind: str, schema: Schema) -> Iterator[str]:
    definitions: Mapping[str, Schema] = schema.get("$defs", {})
    if by_tag := _told_apart(schema, definitions):
        yield from _alternatives(kind, *by_tag, definitions)
        return
    top = _resolved(schema, definitions)
    if "properties" in top:
        yield from _table(top, top["properties"], definitions)
    elif what := _what(schema, definitions):
        yield from (sentence(what), "")
    yield from _inner(kind, _referred(top, definitions), definitions)


def _told_apart(schema: Schema, definitions: Mapping[str, Schema]) -> tuple[str, dict[str, Schema]] | None:
    """Where one key tells several types apart: that key, and its value -> the type; else None."""
    by_tag: dict[str, dict[str, Schema]] = {}
    waiting = list(schema.get("anyOf", ()))
    while waiting:
        each = waiting.pop(0)
        waiting[:0] = each.get("anyOf", ())
        for key, value in _resolved(each, definitions).get("properties", {}).items():
            if len(value.get("enum", ())) == 1:
                by_tag.setdefault(key, {})[str(value["enum"][0])] = _resolved(each, definitions)
    return next(((tag, types) for tag, types in by_tag.items() if len(types) > 1), None)


def _alternatives(
    kind: str, tag: str, by_value: Mapping[str, Schema], definitions: Mapping[str, Schema]
) -> Iterator[str]:
    """What all of the types have, then what each has beside that."""
    properties = [each["properties"] for each in by_value.values()]
    common = {
        key: value
        for key, value in properties[0].items()
        if key != tag and all(each.get(key) == value for each in properties)
    }
    needed = [key for key in common if all(key in each.get("required", ()) for each in by_value.values())]
    named = {tag: {"enum": list(by_value)}}
    yield from _table({"required": [tag, *needed]}, named | common, definitions)
    for value, each in by_value.items():
        own = {key: what for key, what in each["properties"].items() if key not in common and key != tag}
        yield from (f"### `{tag}: {value}` {{ #{kind}.{tag}.{value} }}", "", sentence(each.get("description", "")), "")
        if own:
            yield from _table(each, own, definitions)
    referred = dict.fromkeys(name for each in by_value.values() for name in _referred(each, definitions))
    yield from _inner(kind, referred, definitions)


def _inner(kind: str, names: Iterable[str], definitions: Mapping[str, Schema]) -> Iterator[str]:
    for name in names:
        inner = definitions[name]
        anchor = f"{kind}.{name}"
        yield from (f"### {name} {{ #{anchor} }}", "", sentence(inner.get("description", "")), "")
        yield from _table(inner, inner["properties"], definitions)


def _table(owner: Schema, properties: Mapping[str, Schema], definitions: Mapping[str, Schema]) -> Iterator[str]:
    yield from ("| key | value | default | meaning |", "| --- | --- | --- | --- |")
    required = owner.get("required", ())
    for key, value in properties.items():
        default = "**required**" if key in required else _default(value)
        yield f"| `{key}` | {escaped(_what(value, definitions))} | {default} | {_meaning(value)} |"
        for inner, said in value.get("properties", {}).items():
            yield f"| `{key}.{inner}` | {escaped(_what(said, definitions))} |  | {_meaning(said)} |"
    yield ""


def _meaning(value: Schema) -> str:
    return escaped(value.get("description") or value.get("title", ""))


def _default(value: Schema) -> str:
    default = json.dumps(value.get("default"), ensure_ascii=False)
    return "" if default in ("null", '""', "[]", "{}") else f"`{default}`"


def _what(value: Schema, definitions: Mapping[str, Schema]) -> str:
    """What may stand there, in words: `a list of texts`."""
    if "$ref" in value:
        return f"keys of {_name(value['$ref'])}"
    if "enum" in value:
        return " or ".join(f"`{json.dumps(each, ensure_ascii=False)}`" for each in value["enum"] if each != "")
    if "anyOf" in value:
        return ", or ".join(_what(each, definitions) for each in value["anyOf"] if each.get("type") != "null")
    kinds = value.get("type")
    # where a text is meant, a number or a word such as `yes` needs no quotes
    match "string" if isinstance(kinds, list) and "string" in kinds else kinds:
        case "array":
            return f"a list of {_plural(_what(value.get('items', {}), definitions))}"
        case "object":
            held = value.get("additionalProperties")
            return f"names, each with {_what(held, definitions)}" if isinstance(held, Mapping) else "keys and values"
        case "string":
            return {"date": "a date"}.get(value.get("format", ""), "a text")
        case "integer":
            least = value.get("minimum")
            return "a whole number" + (f", at least {least}" if least is not None else "")
        case "boolean":
            return "true or false"
    return "any value"


def _plural(what: str) -> str:
    return f"{what.removeprefix('a ')}s" if what in ("a text", "a whole number") else what


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    return definitions[_name(schema["$ref"])] if "$ref" in schema else schema


def _name(place: str) -> str:
    return place.rpartition("/")[2]


def _referred(schema: Schema, definitions: Mapping[str, Schema]) -> list[str]:
    """The definitions that it needs, and those that they need."""
    found: dict[str, None] = {}
    waiting: list[Any] = [schema]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, Mapping):
            if isinstance(place := value.get("$ref"), str) and (name := _name(place)) not in found:
                found[name] = None
                waiting.append(definitions[name])
            waiting += value.values()
        elif isinstance(value, Sequence) and not isinstance(value, str):
            waiting += value
    return list(found)
