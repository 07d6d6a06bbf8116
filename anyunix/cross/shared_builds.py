"""What a run builds on this machine for platforms without a compiler: each thing once, for all of its cells."""

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, wait
from pathlib import Path, PurePosixPath

from anyunix.catalog.subjects import Subject
from anyunix.cross.proof import NotForTarget, programs_for
from anyunix.cross.targets import target_of
from anyunix.cross.zig import BuildFailed, build_helpers, build_subject
from anyunix.drivers.process import Processes
from anyunix.errors import PlatformError
from anyunix.host.scratch import Scratch

END_SECONDS = 10.0
"""How long builds that were ended get to notice it."""

Made = Mapping[PurePosixPath, Path]
"""Path in the subject, or a helper's name -> what was built."""


class CrossBuilds:
    """Each build is made once by the first caller, then shared. Safe to use from the threads of many cells.

    What is built lies in a temporary folder that goes when the context does, and with it what is still being built.
    """

    def __init__(self) -> None:
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

    def subject(self, subject: Subject, target: str, environment: Mapping[str, str], objects: Path | None) -> Made:
        """The subject's programs, each of them for the target. Raises BuildFailed, PlatformError."""

        def build(folder: Path) -> Made:
            made = build_subject(subject, target, folder, environment, objects, children=self._children)
            if known := target_of(target):
                try:
                    programs_for(known, made)
                except NotForTarget as wrong:
                    raise BuildFailed(f"the cross build for {target} makes another one's program: {wrong}") from wrong
            return made

        same = subject.folder, subject.files, subject.build, target, frozenset(environment.items()), objects
        return self._once(same, build)

    def helpers(self, suite: Path, target: str) -> Made:
        """The suite's C helpers. Raises BuildFailed, PlatformError."""
        return self._once((suite, target), lambda folder: build_helpers(suite, target, folder, self._children))

    def _once(self, key: Hashable, build: Callable[[Path], Made]) -> Made:
        with self._lock:
            if self._ended:
                raise PlatformError("the run is over")
            found = self._builds.get(key)
            if found is not None:
                mine = False
            else:
                mine, found = True, Future()
                self._builds[key] = found
                folder = self._new_folder(len(self._builds))
        if mine:
            try:
                found.set_result(build(folder))
            except BaseException as error:
                found.set_exception(error)
        return found.result()

    def _new_folder(self, number: int) -> Path:
        if self._folder is None:
            self._folder = Scratch()
        folder = self._folder.path / str(number)
        folder.mkdir()
        return folder
