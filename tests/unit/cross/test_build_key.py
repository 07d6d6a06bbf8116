"""A build's key changes with all that its programs are made from, and with nothing else."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.subjects import Subject
from anyunix.cross import build_key
from anyunix.cross.build_key import helpers_key, subject_key

TARGET = "x86_64-linux-musl"


@pytest.fixture(autouse=True)
def _zig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_key, "zig_version", lambda: "0.1")


@pytest.fixture
def built(subject: Subject) -> Subject:
    return replace(subject, build=("sh", "-c", "true"))


@pytest.mark.parametrize(
    "change",
    [
        lambda subject, patch: patch.setattr(build_key, "zig_version", lambda: "0.2"),
        lambda subject, patch: patch.setenv("CPPFLAGS", "-DOTHER"),
        lambda subject, patch: patch.setenv("PATH", f"/nowhere:{os.environ['PATH']}"),
        lambda subject, patch: (subject.folder / "server.py").write_text("other"),
        lambda subject, patch: (subject.folder / "server.py").chmod(0o755),
        lambda subject, patch: (subject.folder / "server.py").rename(subject.folder / "renamed.py"),
    ],
)
def test_it_changes_with_sources_variables_and_the_compiler(
    change: Callable[[Subject, pytest.MonkeyPatch], object], built: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replace(built, files=(".",))
    before = subject_key(whole, TARGET, {})
    change(whole, monkeypatch)
    assert subject_key(whole, TARGET, {}) != before


def test_it_changes_with_target_command_and_flags(built: Subject) -> None:
    keys = {
        subject_key(built, TARGET, {}),
        subject_key(built, "s390x-linux-musl", {}),
        subject_key(built, TARGET, {"CFLAGS": "-O2"}),
        subject_key(replace(built, build=("sh", "-c", "false")), TARGET, {}),
        subject_key(replace(built, build=("env", "-c", "true")), TARGET, {}),
    }
    assert len(keys) == 5


def test_it_changes_with_the_build_program(built: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "own-make"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    made = replace(built, build=("own-make",))
    before = subject_key(made, TARGET, {})
    program.write_text("#!/bin/sh\n# another\n")
    assert subject_key(made, TARGET, {}) != before


def test_it_is_the_same_for_another_folder_user_and_time(
    built: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = subject_key(built, TARGET, {})
    moved = built.folder.rename(tmp_path / "moved")
    os.utime(moved / "server.py", (0, 0))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANYUNIX_CELL", "x")
    monkeypatch.setenv("SECRET", "x")
    assert subject_key(replace(built, folder=moved), TARGET, {}) == before


def test_a_build_for_this_machines_own_cpu_has_none(built: Subject, tmp_path: Path) -> None:
    """What `native` is differs from machine to machine, and a home may be shared."""
    assert subject_key(built, "native", {}) is None
    assert helpers_key(tmp_path, "native-linux-musl") is None


def test_the_helpers_key_changes_with_their_sources_and_with_nothing_else_of_the_suite(
    make_suite: Callable[[str], Path],
) -> None:
    suite = make_suite("")
    keys = {helpers_key(suite, TARGET)}
    (suite / "group" / "test_probes.py").write_text("other")
    assert helpers_key(suite, TARGET) in keys
    for name in ("support/compiler.py", "support/c/abi.c"):
        (suite / name).write_text("other")
        keys.add(helpers_key(suite, TARGET))
    assert len(keys) == 3


def test_variables_that_are_no_unicode_are_no_error(built: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLAGS", os.fsdecode(b"-D\xff"))
    assert subject_key(built, TARGET, {})
