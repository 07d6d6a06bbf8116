"""Building a subject: there, by its own build command, or here for a platform that has no compiler."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anyunix.catalog.builds import Build
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cross.shared_builds import CrossBuilds
from anyunix.cross.targets import cannot_start
from anyunix.cross.zig import compiler_name, missing
from anyunix.drivers.base import Completed, Driver, Progress
from anyunix.errors import NotRun, PlatformError
from anyunix.host.environment import passed_on
from anyunix.payload.archive import DIFFERENCES, HELPERS, SUBJECT, subject_files
from anyunix.payload.supervised import run_supervised
from anyunix.text import first_line

PYTHON = (3, 10)
LOOK_SECONDS = 30.0
LOOKS = 3
"""Tries for an answer that is whole: a Docker engine under load may lose what a command says."""
BUILD_SECONDS = 300.0
TRIED_FLAGS = PurePosixPath("flags.o")
COMPILED = {".c", ".cc", ".cpp", ".cxx", ".C", ".m", ".s", ".S"}
"""What sources for the C compiler end in."""
NO_SUCH_FLAG = "--anyunix-asks-whether-cflags-are-honoured"
LOOK = """\
command -v python3 >/dev/null || {{ echo no-python; echo end; exit 0; }}
python3 -c 'import sys; print("python", *sys.version_info[:2])'
for tool in {tools}; do command -v "$tool" >/dev/null || echo "missing $tool"; done
! command -v cc >/dev/null || echo "compiler $(cc --version 2>/dev/null | head -n 1)"
echo "system $(uname -sr)"
echo end
"""


@dataclass(frozen=True)
class Toolchain:
    """What the platform has, asked before anything is sent there."""

    missing: tuple[str, ...]
    """Tools that building the subject needs."""
    compiler: str
    system: str
    """Its name and release, as `uname -sr` tells them."""


def look_at(driver: Driver, platform: Platform, subject: Subject) -> Toolchain:
    """Ask for Python, the tools that the subject needs, and the compiler. Raises NotRun, PlatformError."""
    tools = " ".join(map(shlex.quote, subject.needs)) or "sh"
    for _ in range(LOOKS):
        done = driver.run(["sh", "-c", LOOK.format(tools=tools)], env={}, timeout=LOOK_SECONDS * platform.slowness)
        if done.timed_out or done.status or done.stdout.endswith("end\n"):
            break
    if done.timed_out or done.status or not done.stdout.endswith("end\n"):
        raise PlatformError(
            f"{platform.name} does not say what it has: exit status {done.status} "
            f"{' '.join(done.stderr.split())[-300:]}".rstrip()
        )
    said = [line.split() for line in done.stdout.splitlines() if line.strip()]
    version = next((words[1:3] for words in said if words[0] == "python"), None)
    if version is None:
        raise NotRun(f"no python3 on {platform.name}: the suite needs Python 3.10 or newer there")
    if not all(word.isdigit() for word in version) or tuple(map(int, version)) < PYTHON:
        raise NotRun(f"python3 on {platform.name} is {'.'.join(version)}; the suite needs 3.10 or newer")
    return Toolchain(
        tuple(words[1] for words in said if words[0] == "missing" and len(words) > 1),
        *(next((" ".join(words[1:]) for words in said if words[0] == what), "") for what in ("compiler", "system")),
    )


def cross_build(
    toolchain: Toolchain, platform: Platform, subject: Subject, build: Build, builds: CrossBuilds, progress: Progress
) -> dict[PurePosixPath, Path]:
    """Build here what the platform cannot build: path in the payload -> program. Raises NotRun, PlatformError."""
    if not toolchain.missing:
        return {}
    lacking = f"no {' and no '.join(toolchain.missing)} on {platform.name}"
    if not subject.build:
        raise NotRun(lacking)
    if not platform.cross:
        raise NotRun(
            f"{lacking}: install it there, or have the subject built here: `cross: TARGET` in a file for the "
            "platform, TARGET being x86_64-freebsd, aarch64-linux-gnu or whatever system and CPU it has"
        )
    if reason := missing():
        raise NotRun(f"{lacking}, and {reason}")
    if reason := cannot_start(platform.cross, toolchain.system):
        raise NotRun(f"{lacking}, and {reason}; {platform.name} is {first_line(toolchain.system)}")
    if build.compiler:
        raise NotRun(f"{lacking}, and no {build.compiler}")
    programs = builds.subject(subject, platform.cross, build.environment, build.objects, progress)
    return {SUBJECT / path: file for path, file in programs.items()}


def compiler_of(toolchain: Toolchain, platform: Platform, subject: Subject) -> str:
    """Who compiles the subject; empty where its build has nothing to compile: initdb, ssh-keygen, a Python server."""
    if not subject.build or not any(file.suffix in COMPILED for file in subject_files(subject)):
        return ""
    return compiler_name(platform.cross) if toolchain.missing else toolchain.compiler


def cross_helpers(
    toolchain: Toolchain, platform: Platform, suite: Path, builds: CrossBuilds, progress: Progress
) -> dict[PurePosixPath, Path]:
    """The suite's C helpers, as `cross_build`; none where facts that need them are to skip, with the reason."""
    if toolchain.compiler or not platform.cross or missing() is not None:
        return {}
    return {HELPERS / path: file for path, file in builds.helpers(suite, platform.cross, progress).items()}


def cross_objects(
    toolchain: Toolchain, platform: Platform, builds: CrossBuilds, progress: Progress
) -> dict[PurePosixPath, Path]:
    """What is preloaded for the differences that are on, as `cross_helpers`."""
    sources = tuple(sorted({source for each in platform.switched_on for source in each.preloaded}))
    if not sources or toolchain.compiler or not platform.cross or missing() is not None:
        return {}
    return {DIFFERENCES / path: file for path, file in builds.objects(sources, platform.cross, progress).items()}


def build_there(driver: Driver, platform: Platform, subject: Subject, build: Build) -> Completed:
    """Run the subject's own build command in the unpacked payload. Raises NotRun, PlatformError."""
    if build.flags and build.honoured:
        _check_flags(driver, platform, subject, build)
    return _make(driver, platform, subject, build.environment)


def why_not_built(subject: Subject, done: Completed) -> str:
    """The build command, how it ended, and the end of what it said."""
    why = "took too long" if done.timed_out else f"exit status {done.status}"
    return f"{shlex.join(subject.build)}: {why}\n{done.stderr}{done.stdout}"[-4000:]


def _check_flags(driver: Driver, platform: Platform, subject: Subject, build: Build) -> None:
    """A build without the flags would pass for one with them. Raises NotRun."""
    compiler = build.compiler or "cc"
    if driver.run(["sh", "-c", f"command -v {compiler}"], env={}, timeout=LOOK_SECONDS * platform.slowness).status:
        raise NotRun(f"no {compiler} on {platform.name}")
    # a file of the work folder: a compiler that runs as root may put one in the place of /dev/null
    tried = driver.run(
        [compiler, *build.flags, "-x", "c", "-c", "-o", str(TRIED_FLAGS), "/dev/null"],
        env={},
        timeout=LOOK_SECONDS * platform.slowness,
    )
    if tried.status:
        raise NotRun(f"{compiler} on {platform.name} does not know {shlex.join(build.flags)}")
    if _make(driver, platform, subject, {"CFLAGS": NO_SUCH_FLAG}).status == 0:
        raise NotRun(
            f"the build of {subject.name} does not hand CFLAGS to the compiler: "
            f"{shlex.join(subject.build)} has to honour that variable"
        )


def _make(driver: Driver, platform: Platform, subject: Subject, environment: Mapping[str, str]) -> Completed:
    return run_supervised(
        driver,
        subject.build,
        BUILD_SECONDS * platform.slowness,
        folder=SUBJECT,
        environment={**passed_on(subject.pass_env, here=platform.options.is_this_machine), **environment},
    )
