"""chat/c builds without a warning with every compiler and every make, and what is built serves."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "chat" / "c"
KEY = "0123456789abcdef" * 8
DEADLINE = 10.0
"""Seconds for a server to start or to end; it takes a fraction of one."""
BUILD_DEADLINE = 120.0

COMPILERS = {"gcc": "gcc", "clang": "clang", "musl-gcc": "musl-tools", "gcc -m32": "gcc-multilib"}
"""Compiler, and the Debian package that has it."""
MAKES = {"make": "make", "bmake": "bmake"}


@pytest.fixture(params=COMPILERS)
def compiler(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A compiler that is installed and can link a program."""
    command: str = request.param
    reason = f"no {command}: install {COMPILERS[command]}"
    if shutil.which(shlex.split(command)[0]) is None:
        pytest.skip(reason)
    # gcc is there without its 32-bit libraries on most systems
    sample = tmp_path / "sample.c"
    sample.write_text('#include <stdio.h>\nint main(void) { return puts("") == EOF; }\n')
    tried = subprocess.run([*shlex.split(command), "-o", str(tmp_path / "sample"), str(sample)], capture_output=True)
    if tried.returncode != 0:
        pytest.skip(reason)
    return command


@pytest.fixture(params=MAKES)
def make(request: pytest.FixtureRequest) -> str:
    """A make that is installed."""
    command: str = request.param
    if shutil.which(command) is None:
        pytest.skip(f"no {command}: install {MAKES[command]}")
    return command


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the sources without anything built."""
    folder = tmp_path / "c"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("*.o", "bin"))
    return folder


def build(
    folder: Path, make: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run *make* in *folder*, as from a fresh shell with *environment* added to it."""
    inherited = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS"}
    clean = {name: value for name, value in os.environ.items() if name not in inherited}
    return subprocess.run(
        [make, *arguments],
        cwd=folder,
        env={**clean, "LC_ALL": "C", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=BUILD_DEADLINE,
    )


def assert_serves(server: Path, folder: Path) -> None:
    """Assert that the server gets ready and ends in order on SIGTERM."""
    key_file = folder / "key"
    key_file.write_text(KEY + "\n")
    key_file.chmod(0o600)
    process = subprocess.Popen(
        [server, "--log", folder / "log", "--key-file", key_file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], DEADLINE)[0], f"no ready line within {DEADLINE:.0f} s"
        assert process.stdout.readline().startswith(b"READY ")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=DEADLINE)
        assert (process.returncode, out, err) == (0, b"", b"")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_builds_and_serves(compiler: str, make: str, sources: Path, tmp_path: Path) -> None:
    """Not one warning, from either make, two jobs at a time."""
    built = build(sources, make, "-j2", f"CC={compiler}")
    assert (built.returncode, built.stderr) == (0, ""), built.stdout + built.stderr
    assert_serves(sources / "bin" / "server", tmp_path)
    shown = subprocess.run([sources / "bin" / "client", "--help"], capture_output=True, text=True, timeout=DEADLINE)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("usage: client ")


def test_optimised_and_fortified(compiler: str, sources: Path) -> None:
    """Distributions turn warnings on that come with optimisation: unused results, overflows that are seen."""
    flags = "-O3 -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
    if compiler != "musl-gcc":  # its headers know nothing of it
        flags += " -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
    built = build(sources, "make", f"CC={compiler}", f"CFLAGS={flags}")
    assert (built.returncode, built.stderr) == (0, ""), built.stdout + built.stderr


def test_compiler_from_the_environment(make: str, sources: Path) -> None:
    """CC may come from the environment, and may have arguments."""
    built = build(sources, make, "common/text.o", environment={"CC": "env cc -DFROM_ENVIRONMENT"})
    assert (built.returncode, built.stderr) == (0, ""), built.stdout + built.stderr
    assert "env cc -DFROM_ENVIRONMENT" in built.stdout


def test_own_flags_keep_the_warnings(make: str, sources: Path) -> None:
    """CFLAGS is the user's; the dialect and the warnings are not given up with it."""
    built = build(sources, make, "common/text.o", "CFLAGS=-O0 -std=gnu11")
    assert built.returncode == 0, built.stderr
    assert "-O0 -std=gnu11 -std=c99 -Wall -Wextra -Wpedantic -Werror" in built.stdout


def test_clean_leaves_the_sources_only(make: str, sources: Path) -> None:
    """Whatever was built is gone."""
    before = sorted(sources.rglob("*"))
    assert build(sources, make).returncode == 0
    assert build(sources, make, "clean").returncode == 0
    assert sorted(sources.rglob("*")) == before
