"""Faults applied to a copy: the source stays as it is, and one that has moved is an error."""

from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.probes import measured_by
from anyunix.errors import ConfigurationError
from anyunix.mutation.faults import read_faults
from anyunix.mutation.mutants import mutate
from anyunix.mutation.scoring import plan
from tiny_catalog import write_fault


def test_every_fault_of_the_project_can_be_applied(catalog: Catalog, tmp_path: Path) -> None:
    faults = read_faults(catalog)
    subjects = [catalog.subject(name) for name in ("c", "python")]
    planned = plan(faults, subjects, [catalog.platform("local")], measured_by(catalog.suite), tmp_path / "mutants")
    for subject in subjects:
        own = [each for each in planned if each.fault and each.cell.subject.name == subject.name]
        assert len(own) >= 15
        for each in own:
            assert each.fault is not None
            for edit in each.fault.mutations[subject.name].edits:
                assert edit.healthy in (subject.folder / edit.file).read_text()
                assert edit.faulty in (each.cell.subject.folder / edit.file).read_text()


def test_the_copy_has_the_fault_and_the_source_does_not(tiny: Catalog, tmp_path: Path) -> None:
    (fault,) = read_faults(tiny)
    faulty = mutate(fault, tiny.subject("tiny"), tmp_path / "copy")
    assert 'b"ho"' in (faulty.folder / "server.py").read_text()
    assert 'b"hi"' in (tiny.root / "chat" / "server.py").read_text()


@pytest.mark.parametrize(
    ("file", "healthy", "said"),
    [
        ("server.py", "gone", "the source has moved: it holds 'gone' 0 times, not once"),
        ("server.py", "listener", "the source has moved: it holds 'listener' 3 times, not once"),
        ("nowhere.py", "x", "no such file among the subject's sources"),
        ("../platforms/local.yaml", "local", "no such file among the subject's sources"),
    ],
)
def test_a_source_that_has_moved_is_an_error(tiny: Catalog, tmp_path: Path, file: str, healthy: str, said: str) -> None:
    write_fault(tiny.root, "rude", tiny=[{"file": file, "healthy": healthy, "faulty": "y"}])
    (fault,) = read_faults(tiny)
    with pytest.raises(ConfigurationError) as caught:
        mutate(fault, tiny.subject("tiny"), tmp_path / "copy")
    assert said in str(caught.value)
