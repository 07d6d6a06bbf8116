"""A platform that is up with one subject on it, built: what looking at a server needs of a cell."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anyunix.catalog.builds import Build
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cross.shared_builds import CrossBuilds
from anyunix.drivers.base import Driver, Progress
from anyunix.errors import NotRun, PlatformError
from anyunix.host.scratch import scratch
from anyunix.payload.archive import write_payload
from anyunix.run.building import build_there, cross_build, cross_objects, look_at, why_not_built
from anyunix.run.fitting import why_not_there
from anyunix.run.switch_on import switch_on


@contextmanager
def set_up(platform: Platform, subject: Subject, driver: Driver, suite: Path, say: Progress) -> Iterator[None]:
    """Taken down whatever happens. Raises NotRun, PlatformError."""
    if unfit := why_not_there(subject, platform):
        raise NotRun(unfit)
    if reason := driver.available():
        raise NotRun(f"{platform.name}: {reason}")
    try:
        say(f"starting {platform.name}")
        driver.up(say)
        _send(platform, subject, driver, suite, say)
        if platform.switched_on:
            switch_on(driver, platform.slowness)
        yield
    finally:
        driver.down()


def _send(platform: Platform, subject: Subject, driver: Driver, suite: Path, say: Progress) -> None:
    """The suite and the subject, which is built there if it can be. Raises NotRun, PlatformError."""
    toolchain = look_at(driver, platform, subject)
    with scratch() as folder, CrossBuilds() as builds:
        built = cross_build(toolchain, platform, subject, Build(), builds, say)
        built |= cross_objects(toolchain, platform, builds, say)
        archive = folder / "payload.tar"
        write_payload(archive, suite, subject, built, differences=platform.switched_on)
        driver.put(archive)
    if subject.build and not toolchain.missing:
        say("building the subject")
        done = build_there(driver, platform, subject, Build())
        if done.status or done.timed_out:
            raise PlatformError(f"{subject.name} does not build on {platform.name}: {why_not_built(subject, done)}")
