"""An image on its way from one engine to another, with its base: the second needs neither a build nor a registry."""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyunix.drivers.base import Progress
from anyunix.drivers.docker.engine import BUILD_SECONDS, Engine
from anyunix.drivers.docker.execution import ENGINE_ERRORS
from anyunix.drivers.docker.image_build import reason_of
from anyunix.drivers.docker.image_context import Image
from anyunix.errors import PlatformError

SAVED_LIMIT = 2 * 1024**3
"""Bytes of an image that are sent at most: a larger one is built wherever it is needed."""
PIECE = 1024 * 1024
LISTS_LIMIT = 4 * 1024 * 1024
ON_HUBS = ("docker.io/library/", "docker.io/", "localhost/")
"""In front of a name, where an engine writes it in full."""
NAME = "io.containerd.image.name"


@dataclass(frozen=True)
class EngineImage:
    """A PlatformImage. All methods raise PlatformError where the engine fails."""

    engine: Engine
    image: Image

    def base(self) -> str:
        return self._asked.base_here(self.image)

    def find(self) -> str:
        return self._asked.image_here(self.image)

    def make(self, say: Progress) -> str:
        return self._asked.image(self.image, say)

    def save(self, file: Path) -> None:
        api, names = self._asked.client().api, [self.find(), self.image.base]
        try:
            answer = api.get(f"{_url(api)}/get", params={"names": names}, stream=True, timeout=BUILD_SECONDS)
            answer.raise_for_status()
            with file.open("wb") as saved:
                for piece in answer.iter_content(PIECE):
                    if saved.tell() + len(piece) > SAVED_LIMIT:
                        raise PlatformError(f"{names[0]}: larger than the {SAVED_LIMIT} bytes that are sent")
                    saved.write(piece)
        except ENGINE_ERRORS as error:
            raise PlatformError(f"the engine does not save {names[0]}: {reason_of(error)}") from error

    def load(self, file: Path, tag: str) -> None:
        if strange := {*_names_in(file)} - {tag, self.image.base}:
            raise PlatformError(f"{tag}: the archive has {min(strange)!r:.80}, too, which nobody asked for")
        api = self._asked.client().api
        try:
            with file.open("rb") as saved:
                answer = api.post(f"{_url(api)}/load", data=saved, params={"quiet": True}, timeout=BUILD_SECONDS)
            answer.raise_for_status()
            said = [json.loads(line) for line in answer.text.splitlines() if line.strip()]
        except (*ENGINE_ERRORS, ValueError) as error:
            raise PlatformError(f"the engine does not load {tag}: {reason_of(error)}") from error
        if failed := [each["error"] for each in said if isinstance(each, dict) and "error" in each]:
            raise PlatformError(f"the engine does not load {tag}: {failed[0]!s:.300}")

    @property
    def _asked(self) -> Engine:
        """The engine, once it has answered. Raises PlatformError."""
        if reason := self.engine.available():
            raise PlatformError(reason)
        return self.engine


def _url(api: Any) -> str:
    return f"{api.base_url}/v{api.api_version}/images"


def _names_in(file: Path) -> Iterator[str]:
    """The names that an archive of images gives them: in Docker's list, and in OCI's. Raises PlatformError."""
    try:
        with tarfile.open(file) as tar:
            for image in _list(tar, "manifest.json"):
                yield from map(_short, image.get("RepoTags") or ())
            index = _list(tar, "index.json")
            for image in index.get("manifests", ()) if isinstance(index, dict) else ():
                if NAME in (notes := image.get("annotations") or {}):
                    yield _short(notes[NAME])
    except (OSError, tarfile.TarError, ValueError, AttributeError, TypeError) as error:
        raise PlatformError(f"{file.name}: no archive of images: {error}") from None


def _list(tar: tarfile.TarFile, name: str) -> Any:
    if name not in tar.getnames():
        return []
    found = tar.extractfile(name)
    return json.loads(found.read(LISTS_LIMIT)) if found else []


def _short(name: str) -> str:
    front = next((each for each in ON_HUBS if name.startswith(each)), "")
    return name.removeprefix(front)
