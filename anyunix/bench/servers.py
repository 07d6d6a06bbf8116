"""The servers that are compared, and what it takes to have them here."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from anyunix.errors import PlatformError
from anyunix.text import first_line

FORMS = ("paper", "like")
"""As in the paper: own reads, own formatting. Like for like: the same reads, a single write for each."""
CFLAGS = ("-std=c99", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra")
BUILD_SECONDS = 300


@dataclass(frozen=True)
class Source:
    """A server that can be compared."""

    name: str
    files: tuple[str, ...]
    compiler: str = ""
    """`cc`, `go`, or nothing for Python."""


SOURCES = (
    Source("fork-c", ("fork.c", "sink.c"), "cc"),
    Source("goroutine-go", ("goroutine.go",), "go"),
    Source("fork-python", ("fork_server.py",)),
    Source("asyncio-python", ("asyncio_server.py",)),
    Source("epoll-c", ("epoll.c", "sink.c"), "cc"),
)


@dataclass(frozen=True)
class Server:
    """A server that is built."""

    name: str
    command: tuple[str, ...]
    """Before the form."""
    made_by: str
    """The compiler or interpreter, with its version."""


def build_server(source: Source, folder: Path, into: Path) -> Server:
    """Build it from the sources in a folder. Raises PlatformError that says what is missing, or the first error."""
    files = [str(folder / file) for file in source.files]
    if not source.compiler:
        return Server(source.name, (sys.executable, "-S", files[0]), f"CPython {sys.version.split()[0]}")
    if not shutil.which(source.compiler):
        raise PlatformError(f"{source.name} is left out: no {source.compiler} on PATH: "
                            f"apt-get install {'gcc libc6-dev' if source.compiler == 'cc' else 'golang-go'} (Debian)")
    program = into / source.name
    if source.compiler == "cc":
        compile_c(files, program)
        return Server(source.name, (str(program),), _version("cc", "--version"))
    _run(["go", "build", "-o", str(program), *files], f"{source.name} does not build", cwd=folder)
    return Server(source.name, (str(program),), _version("go", "version"))


def compile_c(files: list[str], program: Path) -> None:
    """Raises PlatformError with the compiler's first error."""
    _run(["cc", *CFLAGS, "-o", str(program), *files], f"{program.name} does not build")


def _version(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return first_line(done.stdout)


def _run(command: list[str], what: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=BUILD_SECONDS,
                              cwd=cwd, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlatformError(f"{what}: {error}") from error
    if done.returncode:
        raise PlatformError(f"{what}: {first_line(done.stderr) or f'exit status {done.returncode}'}")
