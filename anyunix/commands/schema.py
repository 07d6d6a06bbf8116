"""`anyunix schema`: what the files that people write may hold, and `check --json` prints, as JSON Schema."""

import argparse
from typing import Any

from anyunix.analysis.expectations import ExpectationsFile
from anyunix.catalog.difference import DifferenceKeys
from anyunix.catalog.json_schema import json_schema
from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.platform_file import EXTENDING_PLATFORM_FILE, PLATFORM_FILE
from anyunix.catalog.subject_file import SubjectFile
from anyunix.check.check_json import CheckReport
from anyunix.errors import EXIT_DONE
from anyunix.mutation.faults import fault_file

KINDS = ("platform", "subject", "expectations", "fault", "difference", "check")


def add_arguments(schema: argparse.ArgumentParser) -> None:
    """Add the argument of `schema`."""
    schema.description = (
        "In an editor with a YAML language server, the file's first line names where the output was "
        "saved: # yaml-language-server: $schema=subject.schema.json"
    )
    schema.epilog = "Exit status: 0 printed, 2 usage error."
    schema.add_argument("kind", choices=KINDS, help="the kind of file; check: what `anyunix check --json` prints")
    schema.set_defaults(command=schema_command, data=True)


def schema_command(arguments: argparse.Namespace) -> int:
    """Print the schema; the exit status."""
    print(json_schema(arguments.kind, *_types(arguments.kind)), end="")
    return EXIT_DONE


def _types(kind: str) -> tuple[Any, ...]:
    """What files of a kind are read into; faults name the project's own subjects."""
    if kind == "platform":
        return PLATFORM_FILE, EXTENDING_PLATFORM_FILE
    if kind == "check":
        return (CheckReport,)
    if kind in ("subject", "difference"):
        return (SubjectFile if kind == "subject" else DifferenceKeys,)
    return (ExpectationsFile if kind == "expectations" else fault_file(find_catalog().subject_names()),)
