"""Build a C subject on this machine for a platform that has no compiler, with the zig compiler from PyPI."""

import fcntl
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.subjects import Subject
from anyunix.drivers.process import Processes
from anyunix.errors import NotRun, PlatformError
from anyunix.host.environment import local_environment
from anyunix.payload.archive import subject_files
from anyunix.payload.supervised import CELL, GRACE_SECONDS, TIMED_OUT, new_tag

BUILD_SECONDS = 300
HELPER_FLAGS = ("-s", "-fno-sanitize=undefined")
"""zig checks for undefined behaviour unless told not to, as no other compiler does: 4 MB in each program, and 10 to
100 s to make its runtime for a new target."""


class BuildFailed(NotRun):
    """A cross build that failed; `said` is all that it printed."""

    def __init__(self, reason: str, said: str = "") -> None:
        super().__init__(reason)
        self.said = said


def missing() -> str | None:
    """None when cross builds are possible here, else what to install."""
    try:
        version("ziglang")
    except PackageNotFoundError:
        return "the package ziglang is not installed here: pip install 'anyunix[cross]'"
    return None if shutil.which("make") else "no make on PATH here"


def compiler_name(target: str) -> str:
    """What the report calls the compiler: `zig cc 0.13.0 for x86_64-linux-musl`."""
    return f"zig cc {zig_version()} for {target}"


def zig_version() -> str:
    """Of the package that is installed here."""
    return version("ziglang")


def build_subject(
    subject: Subject,
    target: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    objects: Path | None = None,
    flags: Sequence[str] = (),
    children: Processes | None = None,
) -> dict[PurePosixPath, Path]:
    """Run the subject's own build in a copy below `folder`; path in the subject -> what it made there.

    `target` is zig's name of a CPU, system and libc, or `native`; `environment` may hold CFLAGS, `flags` are more for
    the compiler. The first of the builds that share the folder `objects` leaves what it compiled there for the others.
    Whoever may have to end the compilers from another thread has them among their `children`. Raises BuildFailed.
    """
    copy, children = folder / "source", children or Processes()
    copy_sources(subject, copy)
    variables = {**(environment or {}), "CC": shlex.join([*_compiler(target), *flags])}
    if objects is not None:
        _take_objects(_first_build(subject, target, objects, variables, children), copy)
    before = _snapshot(copy)
    _run(list(subject.build), copy, target, variables, children)
    return {
        path: copy / path
        for path, state in _snapshot(copy).items()
        if before.get(path) != state and path.suffix != ".o"
    }


def _first_build(subject: Subject, target: str, objects: Path, flags: dict[str, str], children: Processes) -> Path:
    """A folder with a build of nearly the same sources, made once by the first caller, then shared. Raises NotRun."""
    objects.mkdir(parents=True, exist_ok=True)
    with (objects / f"{target}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        first = objects / target
        if not first.exists():
            begun = objects / f"{target}.begun"
            shutil.rmtree(begun, ignore_errors=True)
            copy_sources(subject, begun)
            _run(list(subject.build), begun, target, flags, children)
            begun.rename(first)
    return first


def _take_objects(first: Path, copy: Path) -> None:
    """Put the objects of another build into a copy of sources; make then compiles what is younger than they are."""
    for path in first.rglob("*"):
        here = copy / path.relative_to(first)
        if path.suffix == ".o" and here.parent.is_dir():
            shutil.copy2(path, here)
        elif here.is_file():
            if here.read_bytes() == path.read_bytes():
                shutil.copystat(path, here)
            else:
                here.touch()


def copy_sources(subject: Subject, folder: Path) -> None:
    """Copy what a platform would get of the subject, with its times."""
    for name in subject_files(subject):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(subject.folder / name, folder / name)


def build_helpers(
    suite: Path, target: str, folder: Path, children: Processes | None = None
) -> dict[PurePosixPath, Path]:
    """Build the C helpers of the suite; name -> program. Raises NotRun."""
    folder.mkdir(exist_ok=True)
    _run(
        [sys.executable, "-m", "support.compiler", str(folder)],
        suite,
        target,
        {
            "PYTHONPATH": str(suite),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ANYUNIX_CC": shlex.join([*_compiler(target), *HELPER_FLAGS, *_dlsym(target)]),
        },
        children or Processes(),
    )
    return {PurePosixPath(file.name): file for file in folder.iterdir()}


def build_objects(
    sources: Iterable[Path], target: str, folder: Path, children: Processes | None = None
) -> dict[PurePosixPath, Path]:
    """Build an object to preload of each C source; name -> object. Raises NotRun."""
    folder.mkdir(exist_ok=True)
    made = {PurePosixPath(source.name).with_suffix(".so"): source for source in sources}
    for name, source in made.items():
        command = [*_compiler(target), *HELPER_FLAGS, "-shared", "-fPIC", "-O2", "-o", str(folder / name), str(source)]
        _run([*command, *_dlsym(target)], folder, target, {}, children or Processes())
    return {name: folder / name for name in made}


def build_program(files: Sequence[str], target: str, program: Path, flags: Sequence[str]) -> None:
    """Build one C program. Raises NotRun."""
    if reason := missing():
        raise NotRun(f"no compiler for {target}: {reason}")
    _run([*_compiler(target), *flags, "-o", str(program), *files], program.parent, target, {}, Processes())


def _dlsym(target: str) -> list[str]:
    """What a helper with dlsym(3) is linked with: elsewhere than on Linux it is in libc."""
    return ["-ldl"] if "linux" in target or (target == "native" and sys.platform == "linux") else []


def _compiler(target: str) -> list[str]:
    where = [] if target == "native" else ["-target", target]
    # -dynamic: the platform's own libc is what is under test, not one that zig links in
    return [*_zig(), "cc", *where, "-dynamic"]


def _zig() -> list[str]:
    """zig itself where the package has it beside its module: a build starts it dozens of times, each without Python."""
    found = find_spec("ziglang")
    program = Path(found.origin).with_name("zig") if found and found.origin else None
    return [str(program)] if program and os.access(program, os.X_OK) else [sys.executable, "-m", "ziglang"]


def _run(command: list[str], folder: Path, target: str, environment: dict[str, str], children: Processes) -> None:
    """Under supervise.py, which ends a compiler and all that it started also when this process is killed."""
    supervised = [sys.executable, "-S", str(find_catalog().suite / "supervise.py"), str(BUILD_SECONDS), *command]
    tagged = {**local_environment(), **environment, CELL: new_tag()}
    try:
        done = children.run(supervised, cwd=folder, env=tagged, timeout=BUILD_SECONDS + GRACE_SECONDS, say=None)
    except PlatformError as error:
        raise BuildFailed(f"the cross build for {target} fails: {error}") from error
    if done.timed_out or done.status == TIMED_OUT:
        raise BuildFailed(
            f"the cross build for {target} fails: {shlex.join(command):.80} does not end within {BUILD_SECONDS} s"
        )
    if done.status:
        said = done.stderr or done.stdout
        raise BuildFailed(f"the cross build for {target} fails: {' '.join(said.split())[-300:]}", said)


def _snapshot(folder: Path) -> dict[PurePosixPath, tuple[int, int]]:
    return {
        PurePosixPath(path.relative_to(folder).as_posix()): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file()
    }
