"""`anyunix schema`: what it prints is JSON Schema that takes every file of the project, and no key that is unknown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from anyunix.catalog.yaml_text import parse_yaml
from anyunix.cli import main
from anyunix.commands.schema import KINDS
from checkout import ROOT

CHECKOUT = ROOT
FILES = {
    "platform": ("platforms/*.yaml", "examples/servers/platforms/*.yaml"),
    "subject": ("chat/*.yaml", "examples/servers/*.yaml"),
    "expectations": ("examples/servers/expectations/*.yaml",),
    "fault": ("chat/faults/*.yaml",),
    "difference": ("differences/*.yaml",),
    "check": ("examples/check/*.json",),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def schema(kind: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["schema", kind]) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(printed)
    return printed


def as_json(path: Path) -> Any:
    """As an editor's language server sees it: dates and keys are texts."""
    return json.loads(json.dumps(parse_yaml(path, path.read_text()), default=str))


def files(kind: str) -> list[Path]:
    return [path for pattern in FILES[kind] for path in sorted(CHECKOUT.glob(pattern))]


def mappings(data: Any) -> Iterator[dict[str, Any]]:
    """A mapping and those in it."""
    if isinstance(data, dict):
        yield data
    for inner in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from mappings(inner)


def test_it_takes_every_file_of_the_project(kind: str, schema: dict[str, Any]) -> None:
    assert files(kind)
    for path in files(kind):
        errors = [error.message for error in Draft202012Validator(schema).iter_errors(as_json(path))]
        assert errors == [], path


def test_it_takes_no_unknown_key(kind: str, schema: dict[str, Any]) -> None:
    """Of a platform in expectations no key is unknown: they are names."""
    for path in files(kind):
        data = as_json(path)
        entry = data if kind != "expectations" else next(iter(next(iter(data.values())).values()))
        entry["tilte"] = "x"
        assert not Draft202012Validator(schema).is_valid(data), path


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("platform", "{title: x, driver: dokcer}"),
        ("platform", "{title: x, driver: local, address: a}"),
        ("platform", "{title: x}"),
        ("platform", "{extends: debian, sysctl: {a: 1}}"),
        ("platform", "{title: x, driver: documented, documented: {a: {value: 1, source: s, more: 1}}}"),
        ("subject", "{title: x, start: [a], ready: {port: false}}"),
        ("subject", "{title: x, start: [a], ready: {}}"),
        ("subject", "{title: x, start: [a], ready: x, bind: {a/b: []}}"),
        ("subject", "{title: x, start: [a], ready: x, bind: {}}"),
        ("subject", "{title: x, start: [a], ready: x, promises: {sigterm: true}}"),
        ("subject", "{title: x, start: [a], ready: x, promises: {ipv7: true}}"),
        ("subject", "{title: x, start: [a], ready: x, talk: {send: x}}"),
        ("subject", "{title: x, start: [a], ready: x, protocol: irc}"),
        ("expectations", "{debian: {a: {reason: x, link: 'ftp://x'}}}"),
        ("expectations", "{debian: {a: {reason: x, bind: []}}}"),
        ("expectations", "{debian: {a: {}}}"),
        ("fault", "{title: x, lesson: x, caught_by: [], c: x, python: x}"),
        ("fault", "{title: x, lesson: x, caught_by: [x], c: x}"),
        ("difference", "{title: x, systems: {macos: 1.5.2, x: []}, rule: x, facts: {a: 1}, breaks: x, preload: a.c}"),
        ("difference", "{title: x, systems: {macos: x}, rule: x, breaks: x, preload: a.c}"),
        ("difference", "{title: x, systems: {macos: x}, rule: x, facts: {a: 1}, breaks: x, limits: {nofile: -1}}"),
        ("fault", "{title: x, lesson: x, caught_by: [x], c: [{file: x, healthy: x}], python: x}"),
    ],
)
def test_what_the_reader_refuses_is_no_valid_file_either(kind: str, text: str, schema: dict[str, Any]) -> None:
    assert not Draft202012Validator(schema).is_valid(parse_yaml(Path("x"), text))


def test_the_one_in_the_docs_is_the_one_that_is_printed(kind: str, schema: dict[str, Any]) -> None:
    file = CHECKOUT / "docs" / "schema" / f"{kind}.json"
    assert json.loads(file.read_text()) == schema, f"anyunix schema {kind} > {file.relative_to(CHECKOUT)} writes it"


def test_every_key_is_described(kind: str, schema: dict[str, Any]) -> None:
    """An editor shows it where the key is written. The two of a documented fact are said with the fact."""
    silent = [
        f"{node.get('title')}: {name}"
        for node in mappings(schema["$defs"])
        if node.get("title") != "Documented"
        for name, key in (node["properties"] if isinstance(node.get("properties"), dict) else {}).items()
        if isinstance(key, dict) and not {"description", "title", "enum"} & set(key)
    ]
    assert silent == []
