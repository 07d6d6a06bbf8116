"""A platform that is known from its manuals and sources only: it says so, and nothing can be run there."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from anyunix.drivers.base import Completed, Progress
from anyunix.drivers.options import DriverOptions, Place, Shared
from anyunix.errors import PlatformError
from anyunix.results.model import DOCUMENTED

REASON = "known from its manuals and sources only (anyunix facts shows what they say)"


class DocumentedOptions(DriverOptions, frozen=True, tag=DOCUMENTED):
    """Known from manuals alone: no options of its own."""

    runs: ClassVar[bool] = False

    def driver(self, place: Place, shared: Shared) -> "DocumentedDriver":
        return DocumentedDriver()


class NotAskedFor(DocumentedOptions, frozen=True, tag=DOCUMENTED):
    """Of a platform that runs when it is named only: what its manuals say is shown until then."""

    asked_for: DriverOptions
    """Those that it has then."""

    def driver(self, place: Place, shared: Shared) -> "DocumentedDriver":
        return DocumentedDriver(self.asked_for.starts)


class DocumentedDriver:
    """Never available, so that its cells are not run."""

    def __init__(self, starts: str = "") -> None:
        """`starts`: what is started when the platform is asked for; empty for nothing."""
        self._starts = starts

    def available(self) -> str | None:
        if self._starts:
            return f"{REASON}; with --platform NAME {self._starts} is started"
        return f"{REASON}, cannot be reached from here"

    def up(self, say: Progress) -> None:
        raise PlatformError(REASON)

    def put(self, archive: Path) -> None:
        raise PlatformError(REASON)

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        raise PlatformError(REASON)

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        raise PlatformError(REASON)

    def down(self) -> None:
        """There is nothing to end."""
