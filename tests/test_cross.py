"""Building a C subject here for a platform without a compiler."""

import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from anyunix import cross
from anyunix.catalog import Catalog, Platform, Subject
from anyunix.cell import Cell, CellRun, Order
from anyunix.drivers.local import LocalDriver
from anyunix.errors import NotRun

needs_zig = pytest.mark.skipif(cross.missing() is not None, reason=cross.missing() or "")


def interpreter(path: Path) -> str:
    """The dynamic loader that a 64-bit ELF file names (PT_INTERP), empty for a static one."""
    data = path.read_bytes()
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for index in range(count):
        kind, _, start, _, _, length = struct.unpack_from("<IIQQQQ", data, offset + index * size)
        if kind == 3:
            return data[start:start + length].rstrip(b"\0").decode()
    return ""


@needs_zig
def test_the_chat_server_is_built_for_alpines_own_libc(catalog: Catalog, tmp_path: Path) -> None:
    built = cross.build_subject(catalog.subject("c"), "x86_64-linux-musl", tmp_path)
    assert set(built) == {PurePosixPath("c/server"), PurePosixPath("c/client")}
    assert interpreter(built[PurePosixPath("c/server")]) == "/lib/ld-musl-x86_64.so.1"
    assert re.fullmatch(r"zig cc [\d.]+ for x86_64-linux-musl", cross.compiler_name("x86_64-linux-musl"))


@needs_zig
def test_the_suites_helpers_are_built_for_alpines_own_libc(catalog: Catalog, tmp_path: Path) -> None:
    built = cross.build_helpers(catalog.suite, "x86_64-linux-musl", tmp_path / "helpers")
    assert PurePosixPath("signal_call-c99") in built
    assert interpreter(built.pop(PurePosixPath("preload"))) == ""  # a shared object
    assert {interpreter(file) for file in built.values()} == {"/lib/ld-musl-x86_64.so.1"}


@needs_zig
def test_a_build_that_fails_is_not_run_with_the_compilers_words(subject: Subject, tmp_path: Path) -> None:
    (subject.folder / "Makefile").write_text("server:\n\t$(CC) no-such-file.c -o server\n")
    broken = Subject(**{**vars(subject), "files": ("Makefile",), "build": ("make",)})
    with pytest.raises(NotRun, match=r"cross build for x86_64-linux-musl fails.*no-such-file"):
        cross.build_subject(broken, "x86_64-linux-musl", tmp_path)


@needs_zig
def test_builds_that_share_objects_compile_what_differs_and_nothing_else(subject: Subject, tmp_path: Path) -> None:
    """The first build's own change is not carried over either."""
    two = Subject(**{**vars(subject), "files": ("Makefile", "main.c", "word.c"), "build": ("make", "-s")})
    (subject.folder / "Makefile").write_text(
        "program: main.o word.o\n\t$(CC) -o $@ main.o word.o\n"
        ".SUFFIXES: .c .o\n.c.o:\n\techo $< >>compiled\n\t$(CC) -c -o $@ $<\n")
    (subject.folder / "main.c").write_text('#include <stdio.h>\nextern const char *word;\nint main(void)'
                                           '{ return puts(word) < 0; }\n')
    compiled = {}
    for number, word in enumerate(("first", "second", "first")):
        (subject.folder / "word.c").write_text(f'const char *word = "{word}";\n')
        built = cross.build_subject(two, "x86_64-linux-musl", tmp_path / str(number), objects=tmp_path / "objects")
        assert f"\0{word}\0".encode() in built[PurePosixPath("program")].read_bytes()
        log = built.get(PurePosixPath("compiled"))
        compiled[number] = log.read_text().split() if log else []
    assert compiled == {0: [], 1: ["word.c"], 2: []}


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_without_the_extra_the_cell_is_not_run_and_says_what_to_install(
        monkeypatch: pytest.MonkeyPatch, subject: Subject, make_suite: Callable[[str], Path]) -> None:
    def absent(name: str) -> str:
        raise cross.PackageNotFoundError(name)

    monkeypatch.setattr(cross, "version", absent)
    bare = Platform("bare", "no compiler", "local", cross="x86_64-linux-musl")
    needing = Subject(**{**vars(subject), "needs": ("no-such-cc",), "build": ("make",)})
    result = CellRun(Cell(needing, bare, "default"), LocalDriver(), Order(make_suite("")), lambda text: None).run()
    assert result.status == "not-run"
    assert result.reason == ("no no-such-cc on bare, and the package ziglang is not installed here: "
                             "pip install 'anyunix[cross]'")
