"""What a run builds on this machine for platforms without a compiler: each thing once, for all of its cells."""

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

from anyunix.catalog.subjects import Subject
from anyunix.cross.build_key import helpers_key, objects_key, subject_key
from anyunix.cross.kept_builds import KeptBuilds, Made, users_builds
from anyunix.cross.proof import NotForTarget, programs_for
from anyunix.cross.targets import target_of
from anyunix.cross.zig import BuildFailed, build_helpers, build_objects, build_subject
from anyunix.drivers.base import Progress
from anyunix.drivers.process import Processes
from anyunix.errors import PlatformError
from anyunix.host.scratch import Scratch

END_SECONDS = 10.0
"""How long builds that were ended get to notice it."""


@dataclass(frozen=True)
class _Order:
    """Something to be built for a target."""

    what: str
    """For people: `the subject`."""
    target: str
    build: Callable[[Path], Made]
    """In a folder of its own. Raises BuildFailed."""
    key: Callable[[], str | None]
    """As `build_key`: what of later runs is the same; None where the build is not kept."""
    proven: bool = False
    """Whether each program has to be one for the target."""

    def wrong(self, made: Made) -> NotForTarget | None:
        """What is not for the target."""
        if self.proven and (known := target_of(self.target)):
            try:
                programs_for(known, made)
            except NotForTarget as wrong:
                return wrong
        return None


class CrossBuilds:
    """Each build is made once by the first caller, then shared. Safe to use from the threads of many cells.

    What is built lies in a temporary folder that goes when the context does, and with it what is still being built.
    """

    def __init__(self, kept: KeptBuilds | None = None) -> None:
        """`kept` are the builds of earlier runs; by default those in the user's cache."""
        self._kept = kept or users_builds()
        self._lock = threading.Lock()
        self._builds: dict[Hashable, Future[Made]] = {}
        self._children = Processes()
        self._folder: Scratch | None = None
        self._ended = False

    def __enter__(self) -> "CrossBuilds":
        return self

    def __exit__(self, *error: object) -> None:
        self.end()
        wait(self._builds.values(), timeout=END_SECONDS)
        if self._folder:
            self._folder.remove()

    def end(self) -> None:
        """End the compilers, from any thread; nothing is built after that."""
        with self._lock:
            self._ended = True
        self._children.end()

    def subject(
        self, subject: Subject, target: str, environment: Mapping[str, str], objects: Path | None, say: Progress
    ) -> Made:
        """The subject's programs, each of them for the target; `say` is told when they are built now. Those that share
        `objects` are not kept for later runs: they are many. Raises BuildFailed, PlatformError.
        """
        order = _Order(
            "the subject",
            target,
            lambda folder: build_subject(subject, target, folder, environment, objects, children=self._children),
            lambda: None if objects else subject_key(subject, target, environment),
            proven=True,
        )
        same = subject.folder, subject.files, subject.build, target, frozenset(environment.items()), objects
        return self._once(same, order, say)

    def helpers(self, suite: Path, target: str, say: Progress) -> Made:
        """The suite's C helpers; `say` is told when they are built now. Raises BuildFailed, PlatformError."""
        order = _Order(
            "the suite's helpers",
            target,
            lambda folder: build_helpers(suite, target, folder, self._children),
            lambda: helpers_key(suite, target),
        )
        return self._once((suite, target), order, say)

    def objects(self, sources: tuple[Path, ...], target: str, say: Progress) -> Made:
        """What is preloaded, of sources of one folder; `say` is told when it is built now.

        Raises BuildFailed, PlatformError.
        """
        order = _Order(
            "what is preloaded",
            target,
            lambda folder: build_objects(sources, target, folder, self._children),
            lambda: objects_key(sources, target),
        )
        return self._once((sources, target), order, say)

    def _once(self, same: Hashable, order: _Order, say: Progress) -> Made:
        with self._lock:
            if self._ended:
                raise PlatformError("the run is over")
            found = self._builds.get(same)
            if found is not None:
                mine = False
            else:
                mine, found = True, Future()
                self._builds[same] = found
                folder = self._new_folder(len(self._builds))
        if mine:
            try:
                found.set_result(self._kept_or_built(order, folder, say))
            except BaseException as error:
                found.set_exception(error)
        elif not found.done():
            say(f"waiting for {order.what} for {order.target}, which another cell cross-builds")
        return found.result()

    def _kept_or_built(self, order: _Order, folder: Path, say: Progress) -> Made:
        key = order.key()
        if key and (kept := self._kept.take(key, folder / "kept")) and not order.wrong(kept):
            return kept
        place = self._kept.place() if key else None
        once = f"; it is kept in {place} for later runs" if place else ""
        say(f"cross-building {order.what} for {order.target}{once}")
        made = order.build(folder / "built")
        if wrong := order.wrong(made):
            raise BuildFailed(f"the cross build for {order.target} makes another one's program: {wrong}") from wrong
        if key:
            self._kept.keep(key, made)
        return made

    def _new_folder(self, number: int) -> Path:
        if self._folder is None:
            self._folder = Scratch()
        folder = self._folder.path / str(number)
        folder.mkdir()
        return folder
