"""Faults as edits of a source file: a text that stands there exactly once, and what it becomes."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from anyunix.errors import ConfigurationError

SHOWN = 80
"""Characters of the healthy text that an error repeats."""


class Edit(Struct, frozen=True, forbid_unknown_fields=True):
    """In `file`, relative to the subject's folder, `healthy` stands once and becomes `faulty`."""

    file: Annotated[str, Meta(description="relative to the subject's folder")]
    healthy: Annotated[str, Meta(description="stands in the file, once")]
    faulty: Annotated[str, Meta(description="what it becomes")]


def apply_edit(edit: Edit, sources: Path, fault: str, origin: str) -> None:
    """Make a fault in a copy of a subject's sources; `origin` is the file that describes it.

    Raises ConfigurationError when the place for it is not there exactly once.
    """
    path = sources / edit.file
    where = f"fault {fault}: {edit.file}"
    if not path.resolve().is_relative_to(sources.resolve()) or not path.is_file():
        raise ConfigurationError(f"{where}: no such file among the subject's sources")
    source = path.read_text(encoding="utf-8")
    found = source.count(edit.healthy)
    if found != 1:
        raise ConfigurationError(
            f"{where}: the source has moved: it holds {edit.healthy[:SHOWN]!r} {found} times, "
            f"not once; put the fault elsewhere ({origin}), do not drop it"
        )
    path.write_text(source.replace(edit.healthy, edit.faulty), encoding="utf-8")
