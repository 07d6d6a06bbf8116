"""Cross builds kept in the user's cache for later runs: one file for each, by the key of what it was made from."""

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

import msgspec

from anyunix.host.regular import inside, read_regular
from anyunix.host.user_cache import user_cache
from anyunix.host.whole_file import write_whole

ENTRIES = 64
"""Builds that are kept at most; those that were not used for the longest time go first."""
BYTES = 512 * 1024 * 1024
"""That all of them may have."""
DIGEST = hashlib.sha256().digest_size

Made = Mapping[PurePosixPath, Path]
"""Path in the subject, or a helper's name -> what was built."""


class KeptBuilds:
    """Safe to use from many threads and runs. What is missing, damaged or cannot be written is built again, no error.

    A file holds the digest of what follows, then the built files as MessagePack: path -> content.
    """

    def __init__(self, folder: Path | None, *, entries: int = ENTRIES, size: int = BYTES) -> None:
        """Without a folder nothing is kept."""
        self._folder, self._entries, self._size = folder, entries, size

    def place(self) -> Path | None:
        """The folder, made if need be; None where nothing can be kept."""
        with suppress(OSError):
            if self._folder:
                self._folder.mkdir(parents=True, exist_ok=True)
                return self._folder if os.access(self._folder, os.W_OK | os.X_OK) else None
        return None

    def take(self, key: str, into: Path) -> Made | None:
        """Copies below `into` of what is kept under a key; None where there is nothing, or nothing whole."""
        if not self._folder:
            return None
        file = self._folder / key
        try:
            data = read_regular(file, self._size)
            if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
                return None
            contents = msgspec.msgpack.decode(data[DIGEST:], type=dict[str, bytes])
        except (OSError, msgspec.MsgspecError, UnicodeError):
            return None
        made = {PurePosixPath(name): inside(into, name) for name in contents}
        for name, path in made.items():
            if path is None:
                return None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[str(name)])
            path.chmod(0o755)
        with suppress(OSError):
            os.utime(file)  # used just now
        return {name: path for name, path in made.items() if path}

    def keep(self, key: str, made: Made) -> None:
        """Keep what was built, and remove what that makes too much."""
        if not self._folder:
            return
        with suppress(OSError):
            content = msgspec.msgpack.encode({str(name): path.read_bytes() for name, path in made.items()})
            write_whole(self._folder / key, hashlib.sha256(content).digest() + content)
            self._remove_oldest(self._folder)

    def _remove_oldest(self, folder: Path) -> None:
        """What a killed run left half-written has another name, is never taken, and gets old here."""
        found = []
        for path in folder.iterdir():
            with suppress(OSError):  # another run removed it
                state = path.lstat()
                found.append((state.st_mtime_ns, state.st_size, path))
        total = 0
        for number, (_, size, path) in enumerate(sorted(found, reverse=True)):
            total += size
            if number >= self._entries or total > self._size:
                with suppress(OSError):
                    path.unlink()


def users_builds() -> KeptBuilds:
    """Those of the user who runs this."""
    cache = user_cache()
    return KeptBuilds(cache / "builds" if cache else None)
