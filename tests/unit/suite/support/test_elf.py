"""Whose program it is: libc's, another libc's, nobody's, or Go's."""

import importlib
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def elf(support: None) -> Any:
    return importlib.import_module("support.elf")


@pytest.fixture
def built(tmp_path: Path) -> Callable[..., Path]:
    def build(*command: str) -> Path:
        (tmp_path / "it.c").write_text("int main(void) { return 0; }\n")
        tried = subprocess.run([*command, "-o", "it", "it.c"], cwd=tmp_path, capture_output=True, check=False)
        if tried.returncode:
            pytest.skip(f"{' '.join(command)} builds nothing here")
        return tmp_path / "it"

    return build


def test_programs_name_who_loads_them(elf: Any, built: Callable[..., Path]) -> None:
    own = elf.read_program(Path("/proc/self/exe"))
    assert own is not None
    assert own.bits == (64 if sys.maxsize > 2**32 else 32)
    assert os.path.basename(own.interpreter).startswith("ld-")
    assert elf.read_program(built("cc", "-static")) == elf.Program(own.bits, "", go=False)


def test_a_32_bit_program(elf: Any, built: Callable[..., Path]) -> None:
    assert elf.read_program(built("cc", "-m32", "-static")) == elf.Program(32, "", go=False)


def test_go_is_known_by_its_note(elf: Any) -> None:
    program = shutil.which("go")
    if program is None:
        pytest.skip("no go here")
    found = elf.read_program(Path(program))
    assert found is not None
    assert found.go


def test_what_is_no_program_or_cut_short_is_no_error(elf: Any, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("#!/bin/sh\n")
    assert elf.read_program(tmp_path / "text") is None
    head = b"\x7fELF\x02\x01".ljust(32, b"\0") + struct.pack("<Q", 1 << 40)
    (tmp_path / "short").write_bytes(head.ljust(54, b"\0") + struct.pack("<HH", 56, 9).ljust(10, b"\0"))
    assert elf.read_program(tmp_path / "short") == elf.Program(64, "", go=False)


def test_texts_in_files(elf: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\0/etc/gai.conf\0")
    (tmp_path / "empty").touch()
    assert elf.holds(tmp_path / "file", "/etc/gai.conf")
    assert not elf.holds(tmp_path / "file", "/etc/hosts")
    assert not elf.holds(tmp_path / "empty", "/etc/hosts")
