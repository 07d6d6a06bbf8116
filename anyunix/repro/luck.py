"""The same twelve lines through every compiler at hand: which flags the kernel got, and who lived."""

import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from anyunix.text import first_line

RUNS = 5
"""Of each program: where the stack holds addresses, chance decides anew each time."""
COMPILE_SECONDS = 6.0
RUN_SECONDS = 5.0
LEVELS = ("-O0", "-O2")
# zig traps undefined behaviour unless told not to
ZIG_FLAGS = ("-fno-sanitize=undefined",)


@dataclass(frozen=True)
class Compiler:
    """One compiler for one width."""

    name: str
    command: tuple[str, ...]
    bits: int


@dataclass(frozen=True)
class Ending:
    """How one run of the program went."""

    flags: str
    """sa_flags as sigaction(2) gives them back: `0xdc000806`."""
    lived: int
    """Signals that were survived, of three."""
    killer: str
    """The signal that killed it, `SIGUSR1`; empty when it lived."""


@dataclass(frozen=True)
class LuckRow:
    """One compiler, width and level: the runs as they come, and with the stack filled."""

    compiler: Compiler
    level: str
    plain: tuple[Ending, ...]
    filled: tuple[Ending, ...]
    """Empty when the compiler does not know the option."""


@dataclass(frozen=True)
class Luck:
    """The table, and who is not in it, with the reason."""

    rows: tuple[LuckRow, ...]
    missing: tuple[str, ...]


def try_luck(source: Path, folder: Path, fill: str) -> Luck:
    """Build and run the program with every compiler at hand; programs go to `folder`."""
    rows: list[LuckRow] = []
    missing = []
    for compiler in compilers():
        try:
            for level in LEVELS:
                plain = _build(compiler, source, folder, level)
                rows.append(LuckRow(compiler, level, _runs(plain), _filled(compiler, source, folder, level, fill)))
        except subprocess.SubprocessError as error:
            rows = [row for row in rows if row.compiler != compiler]
            missing.append(f"{compiler.name}, {compiler.bits} bits: {_said(error)}")
    return Luck(tuple(rows), tuple(missing))


def compilers() -> Iterator[Compiler]:
    """Each compiler once (cc is most often another name of one), for this machine's width and for 32 bits."""
    seen: set[Path] = set()
    native = struct.calcsize("P") * 8
    for name in ("gcc", "clang", "cc", "musl-gcc"):
        path = shutil.which(name)
        if path is None or Path(path).resolve() in seen:
            continue
        seen.add(Path(path).resolve())
        yield Compiler(name, (name,), native)
        if native == 64:
            yield Compiler(name, (name, "-m32"), 32)
    if zig := _zig():
        yield Compiler("zig cc", (*zig, *ZIG_FLAGS), native)


def _zig() -> tuple[str, ...]:
    if shutil.which("zig"):
        return ("zig", "cc")
    return (sys.executable, "-m", "ziglang", "cc") if find_spec("ziglang") else ()


def _filled(compiler: Compiler, source: Path, folder: Path, level: str, fill: str) -> tuple[Ending, ...]:
    try:
        return _runs(_build(compiler, source, folder, level, fill))
    except subprocess.CalledProcessError:
        return ()


def _build(compiler: Compiler, source: Path, folder: Path, *flags: str) -> Path:
    """Raises subprocess.CalledProcessError, subprocess.TimeoutExpired."""
    program = folder / "luck"
    try:
        subprocess.run(
            [*compiler.command, "-D_XOPEN_SOURCE=700", *flags, "-o", str(program), str(source)],
            check=True,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMPILE_SECONDS,
        )
    except OSError as error:  # gone since it was found
        raise subprocess.CalledProcessError(127, compiler.name, stderr=str(error)) from error
    return program


def _runs(program: Path) -> tuple[Ending, ...]:
    return tuple(_run(program) for _ in range(RUNS))


def _run(program: Path) -> Ending:
    try:
        done = subprocess.run(
            [str(program)], capture_output=True, text=True, errors="replace", timeout=RUN_SECONDS, check=False
        )
    except OSError as error:  # a kernel without 32-bit programs
        raise subprocess.CalledProcessError(126, str(program), stderr=f"does not run here: {error.strerror}") from error
    flags, *lived = done.stdout.split() or ["?"]
    return Ending(first_line(flags), len(lived), signal.Signals(-done.returncode).name if done.returncode < 0 else "")


def _said(error: subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"not done within {error.timeout:g} s"
    lines = str(getattr(error, "stderr", "") or error).strip().splitlines()
    told = next((line for line in lines if "error" in line), lines[-1] if lines else "it said nothing")
    return first_line(told)[:120]
