"""`anyunix build`: real cross builds, and the proof by the programs' headers."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from anyunix.cli import main
from anyunix.cross import zig as cross
from anyunix.cross.every_target import first_error
from anyunix.cross.header import Header, NoProgram, read_header
from anyunix.cross.proof import not_for
from anyunix.cross.targets import all_targets, choose_targets
from anyunix.errors import ConfigurationError

needs_zig = pytest.mark.skipif(cross.missing() is not None, reason=cross.missing() or "")

SUBJECT = """\
title: a small one
files: [Makefile, main.c]
build: [make, -s]
start: [./main]
ready: '^READY (?P<addresses>.*)$'
"""
MAKEFILE = "main: main.c\n\t{compiler} -Wall -o main main.c\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A subject file of one source that builds everywhere."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "small.yaml").write_text(SUBJECT)
    (folder / "Makefile").write_text(MAKEFILE.format(compiler="$(CC)"))
    (folder / "main.c").write_text('#include <stdio.h>\nint main(void) { return puts("here") < 0; }\n')
    return folder / "small.yaml"


@needs_zig
def test_the_chat_server_is_built_for_three_systems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = {
        "s390x-linux-gnu": ("ELF", "s390x", "big", "/lib/ld64.so.1"),
        "x86_64-freebsd": ("ELF", "x86_64", "little", "/libexec/ld-elf.so.1"),
        "aarch64-macos": ("Mach-O", "aarch64", "little", "/usr/lib/dyld"),
    }
    arguments = [word for name in targets for word in ("--target", name)]
    assert main(["build", *arguments, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "anyunix: built for 3 of 3 targets" in said
    assert "not tried: NetBSD on ppc64le, s390x: NetBSD has no port to it" in said
    for name, expected in targets.items():
        header = read_header(tmp_path / "out" / name / "c" / "bin" / "server")
        assert header is not None
        assert (header.format, header.machine, header.order, header.interpreter) == expected
        assert f"{name}: c/bin/server" in said


@needs_zig
def test_what_does_not_compile_fails_with_the_compilers_first_error(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "#ifdef __FreeBSD__\n#include <sys/epoll.h>\n#endif\nint main(void) { return 0; }\n"
    (small.parent / "main.c").write_text(source)
    assert (
        main(
            [
                "build",
                "--subject",
                str(small),
                "--target",
                "x86_64-freebsd,x86_64-linux-musl",
                "--out",
                str(tmp_path / "out"),
            ]
        )
        == 1
    )
    said = capsys.readouterr().out
    assert "FAILED x86_64-freebsd: main.c:2:10: fatal error: 'sys/epoll.h' file not found" in said
    assert "anyunix: built for 1 of 2 targets" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x86_64-linux-musl"]


@needs_zig
def test_a_warning_is_an_error_where_that_is_asked_for(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Code of others may have some."""
    (small.parent / "main.c").write_text("int main(void) { int unused; return 0; }\n")
    assert main(["build", "--subject", str(small), "--target", "x86_64-linux-musl"]) == 0
    assert "warnings are errors" not in capsys.readouterr().out
    assert main(["build", "--subject", str(small), "--target", "x86_64-linux-musl", "--werror"]) == 1
    assert "FAILED x86_64-linux-musl: main.c:1:22: error: unused variable 'unused'" in capsys.readouterr().out


@needs_zig
def test_a_build_that_ignores_cc_is_found_out(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compiler = f"{cross._zig()[0]} cc -target x86_64-linux-musl"
    (small.parent / "Makefile").write_text(MAKEFILE.format(compiler=compiler))
    assert main(["build", "--subject", str(small), "--target", "s390x-linux-musl"]) == 1
    said = capsys.readouterr().out
    assert "FAILED s390x-linux-musl: main is ELF 64-bit little-endian x86_64" in said
    assert "expected 64-bit big-endian s390x for s390x; does the build honour CC?" in said


@needs_zig
def test_a_build_without_a_program_fails(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small.parent / "Makefile").write_text("main:\n\techo text > text\n")
    assert main(["build", "--subject", str(small), "--target", "x86_64-linux-musl"]) == 1
    assert "FAILED x86_64-linux-musl: the build made no program" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--target", "x86_64-fribsd"], "no target is called 'x86_64-fribsd' (did you mean 'x86_64-freebsd'?)"),
        (["--subject", "python"], "--subject python: nothing is built there"),
    ],
)
def test_usage_errors_name_what_is_there(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_without_ziglang_the_status_is_3_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(name: str) -> str:
        raise cross.PackageNotFoundError(name)

    monkeypatch.setattr(cross, "version", absent)
    assert main(["build", "--target", "freebsd"]) == 3
    assert capsys.readouterr().err == (
        "anyunix: nothing can be built: the package ziglang is not installed here: pip install 'anyunix[cross]'\n"
    )


@needs_zig
def test_without_make_the_status_is_3(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "anyunix", "build"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "anyunix: nothing can be built: no make on PATH here\n")


def test_targets_are_named_by_name_system_and_cpu() -> None:
    assert len(all_targets()) >= 14
    assert [target.name for target in choose_targets(["macos"])] == ["x86_64-macos", "aarch64-macos"]
    assert [target.name for target in choose_targets(["s390x", "s390x-linux-gnu"])] == [
        "s390x-linux-gnu",
        "s390x-linux-musl",
    ]
    with pytest.raises(ConfigurationError, match="did you mean 'openbsd'"):
        choose_targets(["opensbd"])


def test_the_proof_tells_systems_with_one_cpu_apart() -> None:
    target = choose_targets(["x86_64-freebsd"])[0]
    right = Header("ELF", 64, "little", "x86_64", "FreeBSD", "/libexec/ld-elf.so.1")
    assert not_for(target, right) is None
    for wrong in (
        Header("ELF", 64, "little", "x86_64", "GNU", "/lib64/ld-linux-x86-64.so.2"),
        Header("ELF", 64, "little", "x86_64", "FreeBSD", "/lib/ld-musl-x86_64.so.1"),
        Header("ELF", 32, "little", "x86", "FreeBSD", "/libexec/ld-elf.so.1"),
        Header("Mach-O", 64, "little", "x86_64", "macOS", "/usr/lib/dyld"),
    ):
        assert not_for(target, wrong)


def test_the_header_is_that_of_this_machines_own_programs() -> None:
    header = read_header(Path(sys.executable).resolve())
    assert header is not None
    assert (header.bits, header.order) == (struct.calcsize("P") * 8, sys.byteorder)
    assert Path(header.interpreter).exists()


@pytest.mark.parametrize(
    "damage",
    [
        b"\x7fELF",
        b"\x7fELF\x09\x01",
        b"\x7fELF\x02\x01" + bytes(12),
        struct.pack("<I", 0xFEEDFACF) + struct.pack("<I", 2) * 9,
        struct.pack("<8I", 0xFEEDFACF, 0, 0, 2, 0xFFFFFFFF, 0, 0, 0) + bytes(64),
    ],
)
def test_damaged_headers_are_an_error_or_no_program(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(damage)
    try:
        assert read_header(tmp_path / "file") is None
    except NoProgram as error:
        assert str(error).startswith("file: its header cannot be read")


def test_the_first_error_is_the_compilers_not_makes() -> None:
    assert first_error("a.c:1:2: warning: w\na.c:3:4: error: e\nmake: *** [x] Error 1\n") == "a.c:3:4: error: e"
    assert first_error("make: *** No rule to make target 'x'.  Stop.\n") == (
        "make: *** No rule to make target 'x'.  Stop."
    )
    assert first_error("") == ""
