"""Every fault of chat/faults leaves a server that builds: a mutant that does not compile proves nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from anyunix.catalog.lookup import find_catalog
from anyunix.mutation.faults import Edit, Fault, read_faults
from anyunix.mutation.mutants import mutate

CATALOG = find_catalog()
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
"""As in chat/c/Makefile."""
COMPILE_SECONDS = 60.0


def faults_of(subject: str) -> pytest.MarkDecorator:
    """A test for each fault that the subject can have in its sources."""
    own = [fault for fault in read_faults(CATALOG) if subject in fault.mutations and fault.mutations[subject].edits]
    return pytest.mark.parametrize("fault", own, ids=[fault.name for fault in own])


def mutant(fault: Fault, subject: str, folder: Path) -> tuple[Path, tuple[Edit, ...]]:
    """The subject's folder with the fault in it, and what was edited."""
    return mutate(fault, CATALOG.subject(subject), folder / "mutants").folder, fault.mutations[subject].edits


@faults_of("c")
@pytest.mark.skipif(shutil.which("cc") is None, reason="no cc here")
def test_the_faulty_c_compiles_without_a_warning(fault: Fault, tmp_path: Path) -> None:
    folder, edits = mutant(fault, "c", tmp_path)
    sources = {edit.file.removeprefix("c/") for edit in edits if edit.file.endswith(".c")}
    assert sources
    command = ["cc", *STRICT, "-I.", "-fsyntax-only", *sorted(sources)]
    done = subprocess.run(command, cwd=folder / "c", capture_output=True, text=True, timeout=COMPILE_SECONDS)
    assert (done.returncode, done.stderr) == (0, "")


@faults_of("python")
def test_the_faulty_python_compiles(fault: Fault, tmp_path: Path) -> None:
    folder, edits = mutant(fault, "python", tmp_path)
    for edit in edits:
        compile((folder / edit.file).read_text(), edit.file, "exec")
