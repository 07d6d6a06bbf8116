"""This machine itself, as the user who runs anyunix."""

import os
import shutil
import stat
import sys
import tarfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from anyunix.drivers.base import Completed, Progress
from anyunix.drivers.options import DriverOptions, Place, Shared
from anyunix.drivers.process import Processes
from anyunix.errors import PlatformError
from anyunix.host.environment import local_environment
from anyunix.host.scratch import Scratch


class LocalOptions(DriverOptions, frozen=True, tag="local"):
    """This machine itself: no options of its own."""

    is_this_machine: ClassVar[bool] = True

    def driver(self, place: Place, shared: Shared) -> "LocalDriver":
        return LocalDriver()


class LocalDriver:
    """A temporary folder on this machine."""

    def __init__(self) -> None:
        self._scratch: Scratch | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._processes = Processes()

    def available(self) -> str | None:
        return None if shutil.which("python3") else "no python3 on PATH: install Python 3.10 or newer"

    def up(self, say: Progress) -> None:
        with self._lock:  # down() from another thread sees all of it or nothing
            if self._ended:
                raise PlatformError("the platform is down")
            self._scratch = Scratch()
            self._scratch.path.chmod(0o755)  # some probes start the subject as another user, who has to reach it

    def put(self, archive: Path) -> None:
        with self._lock:
            unpack(archive, self.folder())

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        environment = {**local_environment(), **env}
        return self._processes.run(argv, cwd=self.folder(), env=environment, timeout=timeout, say=say)

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        return read_limited(self.folder() / path, limit)

    def down(self) -> None:
        self._processes.end()
        with self._lock:
            self._ended = True
            folder, self._scratch = self._scratch, None
        if folder:
            folder.remove()

    def folder(self) -> Path:
        """The work folder. Raises PlatformError when the platform is down."""
        if self._scratch is None:
            raise PlatformError("the platform is down")
        return self._scratch.path


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive that this program made itself."""
    with tarfile.open(archive) as tar:
        if sys.version_info >= (3, 12):
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)


def read_limited(path: Path, limit: int) -> bytes:
    """A regular file's content. Raises PlatformError when there is none, or it is over `limit` bytes."""
    try:
        # a pipe that nobody writes to must not hold us up, and a link that the subject made must not lead elsewhere
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PlatformError(f"{path.name}: no regular file")
            data = file.read(limit + 1)
    except OSError as error:
        raise PlatformError(f"{path.name}: not there after the run ({error.strerror})") from error
    if len(data) > limit:
        raise PlatformError(f"{path.name}: larger than the {limit} bytes that are read back")
    return data
