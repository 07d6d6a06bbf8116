"""Mutants: copies of a subject's sources with one fault in them."""

from dataclasses import replace
from pathlib import Path

from anyunix.catalog.edits import apply_edit
from anyunix.catalog.subjects import Subject
from anyunix.cross.zig import copy_sources
from anyunix.mutation.faults import Fault


def mutate(fault: Fault, subject: Subject, folder: Path) -> Subject:
    """The subject with the fault, its sources in `folder`, which is made.

    Raises ConfigurationError when the place of an edit is not there exactly once.
    """
    folder.mkdir(parents=True)
    copy_sources(subject, folder)
    for edit in fault.mutations[subject.name].edits:
        apply_edit(edit, folder, fault.name, f"chat/faults/{fault.name}.yaml")
    return replace(subject, folder=folder)
