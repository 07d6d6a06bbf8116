"""Mutants: copies of a subject's sources with one fault in them."""

from dataclasses import replace
from pathlib import Path

from anyunix.catalog.subjects import Subject
from anyunix.cross.zig import copy_sources
from anyunix.errors import ConfigurationError
from anyunix.mutation.faults import Edit, Fault


def mutate(fault: Fault, subject: Subject, folder: Path) -> Subject:
    """The subject with the fault, its sources in `folder`, which is made.

    Raises ConfigurationError when the place of an edit is not there exactly once.
    """
    folder.mkdir(parents=True)
    copy_sources(subject, folder)
    for edit in fault.mutations[subject.name].edits:
        _apply(edit, fault, folder)
    return replace(subject, folder=folder)


def _apply(edit: Edit, fault: Fault, folder: Path) -> None:
    path = folder / edit.file
    where = f"fault {fault.name}: {edit.file}"
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise ConfigurationError(f"{where}: no such file among the subject's sources")
    source = path.read_text(encoding="utf-8")
    found = source.count(edit.healthy)
    if found != 1:
        raise ConfigurationError(
            f"{where}: the source has moved: it holds {edit.healthy[:80]!r} {found} times, "
            f"not once; put the fault elsewhere (chat/faults/{fault.name}.yaml), do not drop it"
        )
    path.write_text(source.replace(edit.healthy, edit.faulty), encoding="utf-8")
