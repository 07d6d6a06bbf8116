"""What a driver offers, and what its calls give back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

OUTPUT_LIMIT = 8 * 1024 * 1024
"""Bytes of one command's output, of each of its streams, that are kept; what comes after them is dropped."""


@dataclass(frozen=True)
class Completed:
    """How a command on a platform ended."""

    status: int
    """Exit status, or the negative number of the signal that killed it."""
    stdout: str
    stderr: str
    timed_out: bool = False


Progress = Callable[[str], None]
"""Told, line by line, what goes on: a build step, a line that a command printed."""


class Driver(Protocol):
    """One cell's hold on its platform. Paths are relative to a work folder that `put` fills and `down` removes.

    `down` is idempotent and may be called from another thread to end a `run` that is under way.
    """

    def available(self) -> str | None:
        """None when the platform can be reached, else the reason and what to do, in one line."""

    def up(self, say: Progress) -> None:
        """Bring the platform up. Raises PlatformError."""

    def put(self, archive: Path) -> None:
        """Unpack a tar archive into the work folder. Raises PlatformError."""

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        """Run a command in the work folder for at most `timeout` seconds; then it and all it started is killed.

        `say` gets each line of its stdout as it comes. Raises PlatformError when the platform is lost.
        """

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        """A file's content, whole up to `limit` bytes. Raises PlatformError when it is missing, or larger."""

    def down(self) -> None:
        """End everything and remove the work folder."""
