"""The servers and the load, built where they run; what was built elsewhere for this place lies in programs/."""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CFLAGS = ("-std=c99", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra")
BUILD_SECONDS = 300
PROGRAMS, SOURCES = Path("programs"), Path("sources")
LOAD = "load"


@dataclass(frozen=True)
class Source:
    """A program, and what it is made of."""

    name: str
    files: tuple[str, ...]
    """Below sources/."""
    compiler: str = ""
    """`cc`, `make` (the files are its folder and the target), nothing for Python, or `go`: never there, so it is
    carried there."""


SERVERS = (
    Source("fork-c", ("servers/fork.c", "servers/sink.c"), "cc"),
    Source("goroutine-go", ("servers/goroutine.go",), "go"),
    Source("fork-python", ("servers/fork_server.py",)),
    Source("asyncio-python", ("servers/asyncio_server.py",)),
    Source("loop-c", ("servers/loop.c", "servers/sink.c"), "cc"),
)
LOADS = (Source(LOAD, ("load/load.c",), "cc"),)
CHAT_LOADS = (Source("chat", ("load/chat.c",), "cc"), Source("bare", ("load/bare.c",), "cc"))
CHATS = (
    Source("chat-c", ("chat/c", "bin/server"), "make"),
    Source("chat-python", ("chat/python/server.py",)),
    Source("chat-asyncio", ("servers/asyncio_chat.py",)),
)


class NotBuilt(Exception):
    """Says why."""


@dataclass(frozen=True)
class BuiltProgram:
    """A program that can be started."""

    name: str
    command: tuple[str, ...]
    made_by: str = ""
    """The compiler or interpreter, with its version; empty when it was built elsewhere."""


@dataclass(frozen=True)
class Inventory:
    """What there is to measure with."""

    machine: str
    built: tuple[BuiltProgram, ...]
    left_out: tuple[str, ...]
    """Why, one line each."""
    lacking: str = ""
    """Why nothing can be measured there at all."""
    differences: tuple[str, ...] = ()
    """That are on in the servers."""


def build_all(names: list[str]) -> tuple[tuple[BuiltProgram, ...], tuple[str, ...]]:
    """Those of these programs that are available, and why not the others."""
    built, left_out = [], []
    for source in (source for source in (*SERVERS, *LOADS, *CHATS, *CHAT_LOADS) if source.name in names):
        try:
            built.append(build(source))
        except NotBuilt as error:
            left_out.append(str(error))
    return tuple(built), tuple(left_out)


def build(source: Source, sources: Path = SOURCES, programs: Path = PROGRAMS) -> BuiltProgram:
    """Raises NotBuilt that says what is missing, or the compiler's first error."""
    program = (programs / source.name).absolute()
    files = [str(sources / file) for file in source.files]
    if not source.compiler:
        return BuiltProgram(source.name, (sys.executable, "-S", files[0]), f"CPython {platform.python_version()}")
    if program.exists():
        return BuiltProgram(source.name, (str(program),))
    tools = ("cc", "make") if source.compiler == "make" else (source.compiler,)
    if lacking := [tool for tool in tools if not shutil.which(tool)]:
        package = "gcc libc6-dev make" if source.compiler == "make" else "gcc libc6-dev"
        raise NotBuilt(
            f"{source.name} is left out: no {' and no '.join(lacking)} on PATH there: "
            f"apt-get install {package} (Debian)"
        )
    if source.compiler == "make":
        folder, target = sources / source.files[0], source.files[1]
        run(["make", "-s", "-C", str(folder), target], source.name)
        return BuiltProgram(source.name, (str((folder / target).absolute()),), version("cc", "--version"))
    programs.mkdir(exist_ok=True)
    run(["cc", *CFLAGS, "-o", str(program), *files], source.name)
    return BuiltProgram(source.name, (str(program),), version("cc", "--version"))


def run(command: list[str], name: str, environment: dict[str, str] | None = None) -> None:
    """Raises NotBuilt."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=BUILD_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(f"{name} is left out: it does not build: {error}") from error
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if line.strip()), f"exit status {done.returncode}")
        raise NotBuilt(f"{name} is left out: it does not build: {said[:300]}")


def version(*command: str) -> str:
    """The first line that a compiler prints about itself."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return done.stdout.partition("\n")[0][:200]


def machine() -> str:
    """The system, its kernel, the CPU and how many, in a line."""
    model = ""
    try:
        with open("/proc/cpuinfo", errors="replace") as file:
            model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    except OSError:
        pass
    about = [f"{platform.system()} {platform.release()}", platform.machine(), f"{os.cpu_count()} CPUs", model]
    return ", ".join(word for word in about if word)
