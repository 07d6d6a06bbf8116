"""One subject for one target after another: built, looked into, kept."""

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from anyunix.catalog.subjects import Subject
from anyunix.cross.proof import NotForTarget, Program, programs_for
from anyunix.cross.targets import Target
from anyunix.cross.zig import BuildFailed, build_subject
from anyunix.drivers.process import Processes
from anyunix.errors import ConfigurationError
from anyunix.host.scratch import scratch
from anyunix.text import first_line

LOOK_SECONDS = 0.5
FLAGS = ("-s",)
"""Without debug information zig makes its runtime for a new target faster."""
WERROR = "-Werror"


@dataclass(frozen=True)
class TargetBuild:
    """What came of one target: programs that are for it, or the reason why there are none."""

    target: Target
    programs: tuple[Program, ...] = ()
    failure: str = ""


def buildable(subject: Subject) -> Subject:
    """The subject, which has to have a build. Raises ConfigurationError."""
    if not subject.build:
        raise ConfigurationError(
            f"--subject {subject.name}: nothing is built there; `anyunix build` needs a subject "
            "file with the key 'build', such as c"
        )
    return subject


def build_all(
    subject: Subject,
    targets: Sequence[Target],
    *,
    jobs: int,
    out: Path | None,
    done: Callable[[TargetBuild], None],
    werror: bool = False,
) -> list[TargetBuild]:
    """Build for each target, `jobs` at a time; `done` is called with each. Programs stay in `out`/<target>/.

    With `werror` warnings are errors.
    """
    children, interrupted = Processes(), threading.Event()
    flags = (WERROR, *FLAGS) if werror else FLAGS

    def build(target: Target) -> TargetBuild:
        built = _build(subject, target, out, flags, children)
        if not interrupted.is_set():  # else it failed because it was ended
            done(built)
        return built

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        try:
            futures = [pool.submit(build, target) for target in targets]
            pending = set(futures)
            while pending:  # with a time limit: a signal that comes just before a wait does not end it
                ended, pending = wait(pending, timeout=LOOK_SECONDS, return_when=FIRST_EXCEPTION)
                for future in ended:
                    future.result()
            return [future.result() for future in futures]
        except BaseException:
            interrupted.set()
            children.end()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _build(
    subject: Subject, target: Target, out: Path | None, flags: Sequence[str], children: Processes
) -> TargetBuild:
    with scratch() as folder:
        try:
            made = build_subject(subject, target.name, folder, flags=flags, children=children)
            programs = programs_for(target, made)
        except BuildFailed as failed:
            return TargetBuild(target, failure=first_error(failed.said) or str(failed))
        except NotForTarget as wrong:
            return TargetBuild(target, failure=str(wrong))
        if not programs:
            return TargetBuild(target, failure="the build made no program")
        for program in programs if out else ():
            _keep(made[program.path], Path(str(out)) / target.name / program.path)
    return TargetBuild(target, programs)


def first_error(said: str) -> str:
    """The first line in which a compiler, linker or make names an error."""
    lines = [line for line in said.splitlines() if line.strip()]
    return first_line(
        next(
            (line for line in lines if "error:" in line),
            next((line for line in lines if "***" in line), lines[0] if lines else ""),
        )
    )


def _keep(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, place)
