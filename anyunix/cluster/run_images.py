"""The images of one run on a worker: those that another worker has come from there, so that each is built once."""

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

import msgspec

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Progress
from anyunix.drivers.options import PlatformImage
from anyunix.errors import PlatformError

PIECE = 16 * 1024 * 1024
"""Bytes that are sent at a time."""
RECEIVED_LIMIT = 3 * 1024**3
"""Bytes of an image that are taken at most: more than any worker of ours sends."""


class Offer(msgspec.Struct, frozen=True):
    """What a worker has of an image; without a tag nothing."""

    tag: str = ""
    base: str = ""
    """The ID of its base."""


class Peer(Protocol):
    """Another worker that may have the image. Its methods raise PlatformError when it does not answer."""

    def offer(self, *, make: bool) -> Offer:
        """What it has, which with `make` it makes where it has nothing."""

    def piece(self, offset: int) -> bytes:
        """Of the saved image; nothing behind its end."""


class RunImages:
    """Safe to use from many threads."""

    def __init__(self, image_of: Callable[[Platform], PlatformImage | None], folder: Path) -> None:
        """Saved images are in `folder`, for as long as that is there."""
        self._image_of, self._folder = image_of, folder
        self._lock = threading.Lock()
        self._locks: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)
        self._saved: dict[str, Path] = {}
        self._brought: set[Hashable] = set()

    def bring(self, platform: Platform, peers: Sequence[Peer], say: Progress, *, makes: bool) -> None:
        """Have the image of a platform here before a cell asks for it: from one of the `peers` that has it; else it is
        made, here if this worker `makes` it, by the first of the peers if not. Where nobody can the cell says why.
        """
        image = self._image_of(platform)
        if image is None or not peers:
            return
        with self._lock_of(platform.options.image_key):
            if platform.options.image_key not in self._brought:
                self._bring(image, peers, say, makes=makes)
                self._brought.add(platform.options.image_key)

    def offer(self, platform: Platform, *, make: bool) -> Offer:
        """What there is of it for another worker. Raises PlatformError."""
        image = self._image_of(platform)
        if image is None:
            return Offer()
        tag = image.make(lambda text: None) if make else image.find()
        return Offer(tag, image.base()) if tag else Offer()

    def piece(self, platform: Platform, offset: int) -> bytes:
        """Of the saved image, which is saved at the first. Raises PlatformError, OSError."""
        image = self._image_of(platform)
        tag = image.find() if image else ""
        if image is None or not tag:
            raise PlatformError(f"{platform.name}: its image is not here")
        with self._lock_of(tag):
            if tag not in self._saved:
                file = self._new_file()
                image.save(file)
                self._saved[tag] = file
        with self._saved[tag].open("rb") as saved:
            saved.seek(offset)
            return saved.read(PIECE)

    def _bring(self, image: PlatformImage, peers: Sequence[Peer], say: Progress, *, makes: bool) -> None:
        try:
            if image.find() or any(self._fetch(image, peer, say, make=False) for peer in peers):
                return
            if not makes and self._fetch(image, peers[0], say, make=True):
                return
            image.make(say)
        except PlatformError:
            any(self._fetch(image, peer, say, make=True) for peer in (peers if makes else peers[1:]))

    def _fetch(self, image: PlatformImage, peer: Peer, say: Progress, *, make: bool) -> bool:
        """Whether it is from there, or was made on an engine that both have. A base of the same name that is here
        stays: then the image is made from that.
        """
        file = self._new_file()
        try:
            say(f"waiting for its image, which {peer} builds" if make else f"asking {peer} for its image")
            offer = peer.offer(make=make)
            if not offer.tag or (image.base() not in ("", offer.base)):
                return False
            if image.find():
                return True
            self._receive(peer, file, say)
            image.load(file, offer.tag)
        except (PlatformError, OSError) as error:
            say(f"no image from {peer}: {error}")
            return False
        finally:
            file.unlink(missing_ok=True)
        return True

    def _receive(self, peer: Peer, file: Path, say: Progress) -> None:
        """Raises PlatformError, OSError."""
        with file.open("wb") as saved:
            while piece := peer.piece(saved.tell()):
                if saved.tell() + len(piece) > RECEIVED_LIMIT:
                    raise PlatformError(f"more than {RECEIVED_LIMIT} bytes")
                saved.write(piece)
                say(f"its image comes from {peer}: {saved.tell() >> 20} MiB")

    def _new_file(self) -> Path:
        with NamedTemporaryFile(prefix="image-", suffix=".tar", dir=self._folder, delete=False) as file:
            return Path(file.name)

    def _lock_of(self, key: Hashable) -> threading.Lock:
        with self._lock:
            return self._locks[key]
