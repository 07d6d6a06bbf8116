"""The C helpers of the probes: compiled here, or carried here ready-made.

`python3 -m support.compiler FOLDER` compiles all of them into FOLDER with $ANYUNIX_CC, $CC or cc, for a platform that
has no compiler; ANYUNIX_HELPERS names that folder there. They should be linked statically then.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

HELPERS_VARIABLE = "ANYUNIX_HELPERS"
CROSS = "ANYUNIX_CC"
COMPILER_VARIABLES = (CROSS, "CC")
SOURCES = Path(__file__).parent / "c"
COMPILE_SECONDS, CROSS_COMPILE_SECONDS = 30.0, 600.0

# dlsym(3) is in libc, but for glibc before 2.34; whoever gives a compiler for another system says what it has there
PRELOADED = ("-shared", "-fPIC", "-O2", *(["-ldl"] if sys.platform == "linux" and not os.environ.get(CROSS) else ()))

HELPERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "abi": ("abi.c", ()),
    "accepted": ("accepted.c", ()),
    "born": ("born.c", ("-ldl",) if sys.platform == "linux" else ()),
    "clock": ("clock.c", PRELOADED),
    "inject": ("inject.c", PRELOADED),
    "mishap": ("mishap.c", PRELOADED),
    "preload": ("preload.c", PRELOADED),
    "restart": ("restart.c", ()),
    "signal_call": ("signal_call.c", ()),
    "signal_call-c99": ("signal_call.c", ("-std=c99",)),
    "signal_call-xopen": ("signal_call.c", ("-D_XOPEN_SOURCE",)),
}
"""Name of the program -> its source and the flags that belong to it."""


class CompileError(AssertionError):
    """The compiler refused a source; the message is what it said."""


def compiler() -> list[str]:
    """The C compiler's argument list: $ANYUNIX_CC, $CC or cc."""
    named = (os.environ.get(variable) for variable in COMPILER_VARIABLES)
    return shlex.split(next(filter(None, named), "cc"))


def need_compiler(folder: Path) -> None:
    """Skip the probe where no C program can be compiled and linked."""
    if reason := no_compiler() or broken_compiler(folder):
        skip(reason)


def helper(folder: Path, name: str) -> Path:
    """A program of HELPERS, ready to run: compiled into `folder`, else the one in $ANYUNIX_HELPERS.

    Skips the probe where there is neither, with the reason why it cannot be compiled and run here.
    """
    found = find_helper(folder, name)
    if isinstance(found, str):
        skip(found)
    return found


def skip(reason: str) -> NoReturn:
    """As pytest's: whoever compiles without it, such as switch_on.py, need not import it, which takes longest there."""
    import pytest

    pytest.skip(reason)


def find_helper(folder: Path, name: str) -> Path | str:
    """As `helper`, or the reason why there is none."""
    reason = _not_compiled_here(folder, name)
    if reason is None:
        return folder / name
    carried = Path(os.environ.get(HELPERS_VARIABLE) or folder) / name
    return carried if os.access(carried, os.X_OK) else reason


def _not_compiled_here(folder: Path, name: str) -> str | None:
    """None when it is compiled and can be run, else why not. Raises CompileError when only this source is refused."""
    if reason := no_compiler():
        return reason
    try:
        compile_helper(compiler(), name, folder)
    except CompileError:
        if reason := broken_compiler(folder):
            return reason
        raise
    if not os.access(folder / name, os.X_OK):
        return "a compiled program cannot be run here: the work folder is mounted noexec"
    return None


def no_compiler() -> str | None:
    command = compiler()[0]
    return None if shutil.which(command) else f"no C compiler ({command}) here"


def broken_compiler(folder: Path) -> str | None:
    """Why the compiler cannot build the smallest program, such as missing headers; None when it can."""
    error = refusal(folder, '#include <stdio.h>\nint main(void) { return puts("") == EOF; }\n', name="smallest")
    return f"{compiler()[0]} here cannot build a program: {error.splitlines()[0]}" if error else None


def compile_helper(command: list[str], name: str, folder: Path, seconds: float = COMPILE_SECONDS) -> None:
    """Raises CompileError, subprocess.TimeoutExpired."""
    source, flags = HELPERS[name]
    compile_source([*command, "-o", str(folder / name), str(SOURCES / source), *flags], seconds)


def refusal(folder: Path, source: str, *flags: str, name: str = "source") -> str | None:
    """None when `source` compiles and links, else what the compiler says."""
    file = folder / f"{name}.c"
    file.write_text(source)
    try:
        compile_source([*compiler(), *flags, "-o", str(folder / f"{name}.out"), str(file)])
    except CompileError as error:
        return str(error)
    return None


def preprocessed(folder: Path, source: str) -> str:
    """The last line of `source` after the preprocessor: what its macros stand for. Raises CompileError."""
    file = folder / "macros.c"
    file.write_text(source + "\n")
    return compile_source([*compiler(), "-E", str(file)]).rstrip().splitlines()[-1]


def compile_source(command: list[str], seconds: float = COMPILE_SECONDS) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise CompileError(done.stderr.strip() or f"{command[0]}: exit status {done.returncode}")
    return done.stdout


def main(folder: Path) -> None:
    for name in HELPERS:
        compile_helper(compiler(), name, folder, CROSS_COMPILE_SECONDS)  # it may build a libc first


if __name__ == "__main__":
    main(Path(sys.argv[1]))
