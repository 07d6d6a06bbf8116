"""A platform that is known from its manuals and sources only: it says so, and nothing can be run there."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Completed, Progress
from anyunix.errors import PlatformError

REASON = "known from its manuals and sources only (anyunix facts shows what they say)"


class DocumentedDriver:
    """Never available, so that its cells are not run."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def available(self) -> str | None:
        if self._platform.box:
            return f"{REASON}; with --platform NAME its virtual machine is started"
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
