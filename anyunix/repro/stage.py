"""A platform that is up, with a subject on it: what a story needs of a cell, without the suite's probes."""

import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from anyunix.catalog.builds import Build
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cross.shared_builds import CrossBuilds
from anyunix.cross.zig import copy_sources
from anyunix.drivers.base import Driver
from anyunix.drivers.process import Processes
from anyunix.errors import NotRun, PlatformError
from anyunix.host.environment import local_environment, passed_on
from anyunix.host.scratch import scratch
from anyunix.payload.archive import SITE, SUBJECT, SUITE, products, write_payload
from anyunix.payload.supervised import ask, last_words
from anyunix.run.building import BUILD_SECONDS, build_there, cross_build, cross_objects, look_at
from anyunix.run.switch_on import SWITCH_ON, switch_on
from anyunix.text import first_line

SCRIPT = PurePosixPath("repro_remote.py")
SCRIPT_FILE = Path(__file__).with_name(SCRIPT.name)
TASK_SECONDS = 60.0

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """Runs tasks of repro_remote.py there; typed answers come back."""

    name: str
    driver: Driver
    under: tuple[str, ...] = ()
    """What goes in front of a task where differences are on: they are on in all of it."""

    def ask(self, answer: type[T], task: str, *words: str) -> T:
        """What a task of repro_remote.py found there. Raises PlatformError."""
        return ask(
            self.driver,
            self.name,
            answer,
            [*self.under, "python3", str(SCRIPT), task, *words],
            TASK_SECONDS,
            (SUITE, SITE),
        )


@contextmanager
def staged(platform: Platform, subject: Subject, driver: Driver, suite: Path) -> Iterator[Stage]:
    """The platform with the subject on it, built; taken down whatever happens. Raises NotRun, PlatformError.

    On this machine the subject comes as it is: `built_here` has built it.
    """
    try:
        driver.up(_quiet)
        stage = Stage(platform.name, driver, ("python3", str(SWITCH_ON)) if platform.switched_on else ())
        with scratch() as folder, CrossBuilds() as builds:
            carried = (
                _built(subject)
                if platform.options.is_this_machine
                else cross_build(look_at(driver, platform, subject), platform, subject, Build(), builds, _quiet)
            )
            if platform.switched_on:
                carried |= cross_objects(look_at(driver, platform, subject), platform, builds, _quiet)
            archive = folder / "payload.tar"
            write_payload(archive, suite, subject, {**carried, SCRIPT: SCRIPT_FILE}, differences=platform.switched_on)
            driver.put(archive)
        if platform.switched_on:
            switch_on(driver, platform.slowness)
        if subject.build and not carried and not platform.options.is_this_machine:
            done = build_there(driver, platform, subject, Build())
            if done.status:
                raise PlatformError(f"{subject.name} does not build on {platform.name}: {last_words(done)}")
        yield stage
    finally:
        driver.down()


def _built(subject: Subject) -> dict[PurePosixPath, Path]:
    """What `built_here` made: path in the payload -> file."""
    return {SUBJECT / name: file for name, file in products(subject).items()} if subject.build else {}


def lacking_here(subject: Subject) -> list[str]:
    """The tools that building the subject needs and this machine does not have."""
    return [tool for tool in subject.needs if not shutil.which(tool)]


def built_here(subject: Subject, folder: Path, environment: Mapping[str, str] | None = None) -> Subject:
    """The subject in a copy below `folder`, built by its own build command. Raises NotRun."""
    if lacking := lacking_here(subject):
        raise NotRun(
            f"no {' and no '.join(lacking)} on PATH here: install a C compiler and make "
            "(Debian: gcc, make; Alpine: build-base)"
        )
    copy_sources(subject, folder)
    copy = replace(subject, folder=folder)
    build_again(copy, environment)
    return copy


def build_again(subject: Subject, environment: Mapping[str, str] | None = None) -> None:
    """Run the build command in the subject's folder. Raises NotRun with what the compiler printed."""
    if not subject.build:
        return
    try:
        variables = {**local_environment(), **passed_on(subject.pass_env, here=True), **(environment or {})}
        done = Processes().run(subject.build, cwd=subject.folder, env=variables, timeout=BUILD_SECONDS, say=None)
    except PlatformError as error:
        raise NotRun(f"{subject.name} cannot be built here: {error}") from error
    if done.timed_out:
        raise NotRun(
            f"{subject.name} cannot be built here: {shlex.join(subject.build):.80} does not end within "
            f"{BUILD_SECONDS:g} s"
        )
    if done.status:
        raise NotRun(f"{subject.name} does not build here: {first_line(done.stderr or done.stdout)}")


def _quiet(text: str) -> None:
    """What goes on while a platform comes up is not part of a story."""
