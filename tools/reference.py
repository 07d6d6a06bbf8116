"""Write the pages below docs/reference/, or check that they are up to date. See `--help`."""

import argparse
import contextlib
import io
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from anyunix.catalog.lookup import find_catalog
from anyunix.cli import COMMANDS, make_parser
from anyunix.commands.schema import KINDS, schema_command
from reference_pages.command_page import command_page
from reference_pages.contract_page import contract_page
from reference_pages.difference_page import difference_page
from reference_pages.fact_index import fact_index
from reference_pages.fact_pages import fact_pages
from reference_pages.file_page import file_page
from reference_pages.meanings import read_meanings
from reference_pages.probe_texts import read_contracts, read_facts
from reference_pages.system_page import system_page
from reference_pages.systems import keep_measured, known_facts, read_measured

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
MEASURED = FOLDER / "measured"
COMMAND = "python tools/reference.py"


def pages() -> dict[str, str]:
    """The pages' contents, by their paths below docs/reference/."""
    catalog = find_catalog()
    measured = read_measured(MEASURED)
    known = known_facts(catalog, measured)
    facts = read_facts(catalog, known)
    meanings = read_meanings(facts)
    contracts = read_contracts(catalog)
    return {
        "index.md": (Path(__file__).parent / "reference_pages" / "index.md").read_text(encoding="utf-8"),
        "systems.md": system_page(facts, meanings, known, measured),
        "facts.md": fact_index(facts, meanings, known),
        **fact_pages(facts, meanings, known, contracts),
        "contracts.md": contract_page(contracts, facts, known),
        "differences.md": difference_page(catalog.differences, facts),
        "commands.md": command_page(make_parser(COMMANDS)),
        "files.md": file_page({kind: _schema(kind) for kind in KINDS}),
    }


def _schema(kind: str) -> Any:
    """What `anyunix schema` prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        schema_command(argparse.Namespace(kind=kind))
    return json.loads(printed.getvalue())


def stale(made: dict[str, str]) -> list[str]:
    """The pages that are not as they would be made today, and those that nothing makes any more."""
    there = {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.md")}
    return sorted(name for name in there.keys() | made.keys() if there.get(name) != made.get(name))


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the pages below docs/reference/.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if a page is out of date")
    parser.add_argument(
        "--measured",
        type=Path,
        metavar="MATRIX",
        help="take over what this run measured: the matrix.json of "
        "`anyunix run --subject python --platform local,debian,debian-i386,alpine -k facts --repeat 3`",
    )
    arguments = parser.parse_args()
    if arguments.measured:
        for path in keep_measured(arguments.measured, MEASURED, date.today().isoformat()):
            print(f"measured: {path.relative_to(ROOT)}")
    made = pages()
    changed = stale(made)
    if arguments.check:
        for name in changed:
            print(f"docs/reference/{name} is out of date", file=sys.stderr)
        if changed:
            print(f"type: {COMMAND}", file=sys.stderr)
        return 1 if changed else 0
    for name in changed:
        path = FOLDER / name
        if name not in made:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[name], encoding="utf-8")
    print(f"{len(made)} pages, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
