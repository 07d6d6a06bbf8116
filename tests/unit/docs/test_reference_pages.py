"""How tools/reference.py turns a parser and a JSON Schema into pages."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _tools_on_path() -> Iterator[None]:
    sys.path.insert(0, str(ROOT / "tools"))
    yield
    sys.path.remove(str(ROOT / "tools"))


def test_a_command_has_its_synopsis_options_and_exit_statuses() -> None:
    from reference_pages.command_page import command_page

    parser = argparse.ArgumentParser(prog="it")
    commands = parser.add_subparsers(metavar="COMMAND")
    run = commands.add_parser(
        "run", help="run <it>", epilog="Read this first. Exit status: 0 well, or nothing; 1 a|b; 2 usage. And this."
    )
    run.add_argument("file", nargs="*", metavar="FILE", help="what to run")
    run.add_argument(
        "--jobs", type=int, default=7, metavar="N", help="side by side (default: two a core, here %(default)s)"
    )
    run.add_argument("--fast", action="store_true", help=argparse.SUPPRESS)
    run.add_argument("--how", choices=("so", "thus"), required=True, help="how")
    assert command_page(parser).partition("## ")[2].splitlines() == [
        "`anyunix run` { #run }",
        "",
        "Run &lt;it&gt;.",
        "",
        "```",
        "it run [--jobs N] --how {so,thus} [FILE ...]",
        "```",
        "",
        "| argument | meaning |",
        "| --- | --- |",
        "| `[FILE ...]` | What to run. |",
        "| `--jobs N` | Side by side (default: two a core). |",
        "| `--how {so,thus}` | How. |",
        "",
        "Read this first.",
        "",
        "| exit status | meaning |",
        "| --- | --- |",
        "| 0 | Well, or nothing. |",
        "| 1 | A\\|b. |",
        "| 2 | Usage. |",
        "",
        "And this.",
    ]


def test_a_file_has_a_row_a_key_and_a_table_a_type() -> None:
    from reference_pages.file_page import file_page

    schema = {
        "$ref": "#/$defs/Top",
        "$defs": {
            "Top": {
                "properties": {
                    "title": {"type": ["string", "number", "boolean"], "description": "what it is called"},
                    "words": {"type": "array", "items": {"type": "string"}, "default": []},
                    "port": {"type": "integer", "minimum": 1, "default": 7},
                    "inner": {"anyOf": [{"$ref": "#/$defs/Inner"}, {"type": "null"}], "default": None},
                    "promises": {"type": "object", "properties": {"ipv4": {"enum": [True, "slow"]}}},
                },
                "required": ["title"],
            },
            "Inner": {"description": "what is inside", "properties": {"x": {"type": "boolean"}}},
        },
    }
    assert file_page({"subject": schema}).partition("| --- | --- | --- | --- |\n")[2].splitlines() == [
        "| `title` | a text | **required** | what it is called |",
        "| `words` | a list of texts |  |  |",
        "| `port` | a whole number, at least 1 | `7` |  |",
        "| `inner` | keys of Inner |  |  |",
        "| `promises` | keys and values |  |  |",
        '| `promises.ipv4` | `true` or `"slow"` |  |  |',
        "",
        "### Inner { #subject.Inner }",
        "",
        "What is inside.",
        "",
        "| key | value | default | meaning |",
        "| --- | --- | --- | --- |",
        "| `x` | true or false |  |  |",
    ]


def test_types_told_apart_by_a_key_show_what_they_share_once() -> None:
    from reference_pages.file_page import file_page

    title = {"type": "string"}
    schema = {
        "anyOf": [{"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}, {"$ref": "#/$defs/Extending"}],
        "$defs": {
            "A": {
                "properties": {"driver": {"enum": ["a"]}, "title": title, "own": title},
                "required": ["title", "own"],
            },
            "Extending": {"properties": {"driver": {"enum": ["a", "b"]}, "title": title}},
            "B": {"description": "nothing more", "properties": {"driver": {"enum": ["b"]}, "title": title}},
        },
    }
    page = file_page({"platform": schema})
    assert page.count("| `title` |") == 1
    assert '| `driver` | `"a"` or `"b"` | **required** |  |' in page
    assert "| `title` | a text |  |  |" in page, "it is required of one of them only"
    assert "### `driver: a` { #platform.driver.a }" in page
    assert "| `own` | a text | **required** |  |" in page
    assert "### `driver: b` { #platform.driver.b }\n\nNothing more.\n" in page
