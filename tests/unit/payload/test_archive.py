"""The archive that a platform receives: complete, and runnable with nothing but Python."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import unpack
from anyunix.errors import ConfigurationError
from anyunix.payload.archive import SUBJECT, write_payload


def names_in(archive: Path) -> set[str]:
    with tarfile.open(archive) as tar:
        return set(tar.getnames())


def test_pytest_runs_from_the_payload_alone(tmp_path: Path, catalog: Catalog, subject: Subject) -> None:
    write_payload(tmp_path / "payload.tar", catalog.suite, subject, {})
    unpack(tmp_path / "payload.tar", tmp_path / "there")
    # -S: no site-packages, so whatever is imported comes from the payload
    done = subprocess.run(
        [sys.executable, "-S", "-m", "pytest", "--version", "--version"],
        cwd=tmp_path / "there",
        env={"PYTHONPATH": "site", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "there" / "site") in done.stdout + done.stderr
    assert "pytest-timeout" in done.stdout + done.stderr


def test_sources_travel_and_what_was_built_beside_them_does_not(
    tmp_path: Path, catalog: Catalog, subject: Subject
) -> None:
    source = subject.folder / "src"
    (source / "__pycache__").mkdir(parents=True)
    for name in ("server.c", "server.o", "__pycache__/x.pyc"):
        (source / name).write_text("")
    with_folder = Subject(**{**vars(subject), "files": ("src", "server.py")})
    write_payload(tmp_path / "payload.tar", catalog.suite, with_folder, {})
    found = {name for name in names_in(tmp_path / "payload.tar") if name.startswith("subject/")}
    assert found == {"subject/src/server.c", "subject/server.py", "subject/subject.json"}


@pytest.mark.parametrize(("build", "travels"), [(("make",), False), ((), True)])
def test_a_program_among_the_sources_travels_unless_it_is_built_there(
    build: tuple[str, ...], travels: bool, tmp_path: Path, catalog: Catalog, subject: Subject
) -> None:
    """To make it would look up to date there, whatever system it is for. One that is named travels."""
    for name in ("server", "named"):
        (subject.folder / name).write_bytes(b"\x7fELF")
    all_of_it = Subject(**{**vars(subject), "files": (".", "named"), "build": build})
    write_payload(tmp_path / "payload.tar", catalog.suite, all_of_it, {})
    found = names_in(tmp_path / "payload.tar")
    assert ("subject/server" in found, "subject/named" in found) == (travels, True)


def test_a_file_built_here_replaces_the_one_of_the_subject(tmp_path: Path, catalog: Catalog, subject: Subject) -> None:
    (tmp_path / "built").write_text("built here")
    write_payload(tmp_path / "payload.tar", catalog.suite, subject, {SUBJECT / "server.py": tmp_path / "built"})
    with tarfile.open(tmp_path / "payload.tar") as tar:
        member = tar.extractfile("subject/server.py")
        assert member is not None
        assert member.read() == b"built here"
        assert tar.getmember("subject/server.py").mode & 0o111


def test_no_compiled_module_and_no_path_out_of_the_folder(tmp_path: Path, catalog: Catalog, subject: Subject) -> None:
    write_payload(tmp_path / "payload.tar", catalog.suite, subject, {})
    for name in names_in(tmp_path / "payload.tar"):
        assert not name.endswith(".so")
        assert not name.startswith("/")
        assert ".." not in name.split("/")


def test_a_missing_distribution_is_named(
    tmp_path: Path, catalog: Catalog, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyunix.payload.archive.DISTRIBUTIONS", ("no-such-distribution",))
    with pytest.raises(ConfigurationError, match="no-such-distribution is not installed here"):
        write_payload(tmp_path / "payload.tar", catalog.suite, subject, {})
