"""How a program of a folder is built: found out by building it, in a copy of the sources that lie beside it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from anyunix.catalog.subjects import Subject
from anyunix.cross.zig import copy_sources
from anyunix.drivers.process import Processes
from anyunix.errors import PlatformError
from anyunix.host.environment import local_environment
from anyunix.host.scratch import scratch
from anyunix.payload.archive import LEFT_OUT

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
SOURCES = {".c", ".h", ".mk", ".s", ".S", ".inc"}
NEEDS = ("cc", "make")
PROGRAM = (b"\x7fELF", b"\xcf\xfa\xed\xfe")
"""How a program begins: ELF, and Mach-O of 64 bits."""
MOST = 500
"""Files: more than that is another project's tree."""
SECONDS = 120.0


@dataclass(frozen=True)
class OwnBuild:
    """What makes the program, and from what."""

    files: tuple[str, ...]
    command: tuple[str, ...]


def compiled(subject: Subject) -> list[str]:
    """Those of its files that are programs for machines like this one alone."""
    return [name for name in subject.files if _is_program(subject.folder / name)]


def with_own_build(subject: Subject) -> Subject:
    """The subject with its sources in place of the program that it is started by, where that was built from them."""
    program = subject.start[0].removeprefix("./")
    if program not in compiled(subject) or not (build := find_build(subject, program)):
        return subject
    files = dict.fromkeys([*build.files, *(name for name in subject.files if name != program)])
    needs = dict.fromkeys([*NEEDS, *subject.needs])
    return replace(subject, files=tuple(files), needs=tuple(needs), build=build.command)


def find_build(subject: Subject, program: str) -> OwnBuild | None:
    """`make PROGRAM`, or `make`, whichever makes it where there is nothing but sources; None for neither."""
    files = tuple(_sources(subject.folder))
    if not files or any(not shutil.which(tool) for tool in NEEDS):
        return None
    for command in (("make", "-s", program), ("make", "-s")):
        build = OwnBuild(files, command)
        if _builds(replace(subject, files=files, build=command), program):
            return build
    return None


def _builds(subject: Subject, program: str) -> bool:
    with scratch() as folder:
        copy_sources(subject, folder)
        try:
            done = Processes().run(subject.build, cwd=folder, env=local_environment(), timeout=SECONDS, say=None)
        except PlatformError:
            return False
        return not done.status and not done.timed_out and _is_program(folder / program)


def _sources(folder: Path) -> Iterator[str]:
    """Makefiles and sources of the folder, and folders with sources in them."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in LEFT_OUT or path.is_symlink():
            continue
        is_source = path.name in MAKEFILES or path.suffix in SOURCES
        if _has_sources(path) if path.is_dir() else is_source and path.is_file():
            yield path.name


def _has_sources(folder: Path) -> bool:
    for number, path in enumerate(folder.rglob("*")):
        if number >= MOST:
            return False
        if path.suffix in SOURCES and path.is_file():
            return True
    return False


def _is_program(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(4) in PROGRAM
    except OSError:
        return False
