"""What a platform file says about a container. Reading it needs no client of the Docker engine."""

import json
import os
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from anyunix.drivers.base import Driver
from anyunix.drivers.docker.image_context import Image
from anyunix.drivers.options import SHOWN, AlteringOptions, BadOption, Folders, Place, PlatformImage, Shared
from anyunix.host.regular import inside, read_text
from anyunix.text import Text, Word

UNCONFINED = "unconfined"
UNITS = {"k": "KiB", "m": "MiB", "g": "GiB"}


class DockerOptions(AlteringOptions, frozen=True, kw_only=True, tag="docker"):
    """An image, and what a container of it may do."""

    own_network: ClassVar[bool] = True

    dockerfile: Annotated[Text, msgspec.Meta(description="a Dockerfile beside this file, else one of the project's")]
    base: Annotated[
        Text, msgspec.Meta(description="the image that the Dockerfile is given as BASE: debian:trixie-slim")
    ]
    cpu: Annotated[Text, msgspec.Meta(description="as Docker calls it: linux/arm64 (default: the engine's own)")] = ""
    user: Annotated[Text, msgspec.Meta(description="who runs the probes: user:group, by number")] = "1000:1000"
    init: Annotated[
        bool,
        msgspec.Meta(description="whether process 1 is an init that reaps; without it, it is the container's command"),
    ] = True
    capabilities: Annotated[
        tuple[Word, ...], msgspec.Meta(description="those of Linux that processes have: NET_ADMIN (default: none)")
    ] = ()
    memory: Annotated[Text, msgspec.Meta(description="the most that a cell may use, with Docker's suffixes: 512m")] = (
        "2g"
    )
    processes: Annotated[int, msgspec.Meta(ge=1, description="the most that a cell may have at a time")] = 4096
    runtime: Annotated[
        Text, msgspec.Meta(description="what runs it, by the engine's name for it: runsc (default: the engine's own)")
    ] = ""
    seccomp: Annotated[
        Text,
        msgspec.Meta(
            description="a seccomp profile (JSON) beside this file, or unconfined (default: the engine's own)"
        ),
    ] = ""
    apparmor: Annotated[
        Text, msgspec.Meta(description="an AppArmor profile that its kernel has loaded (default: the engine's own)")
    ] = ""

    @property
    def image(self) -> Image:
        return Image(Path(self.dockerfile), self.base, self.cpu, self.files)

    @property
    def base_image(self) -> tuple[str, str]:
        return self.base, self.cpu

    @property
    def origin(self) -> Hashable:
        return self.dockerfile, self.base, self.cpu

    @property
    def out_of_memory(self) -> str:
        unit = UNITS.get(self.memory[-1:].lower(), "")
        limit = f"{self.memory[:-1]} {unit}" if unit else f"{self.memory} bytes"
        return f"killed by the memory limit of {limit}"

    @property
    def image_key(self) -> Hashable:
        return self.origin, tuple(sorted(self.files.items()))

    def driver(self, place: Place, shared: Shared) -> Driver:
        # here, and not above: the client of the engine takes a quarter of a second to import
        from anyunix.drivers.docker.docker_driver import DockerDriver
        from anyunix.drivers.docker.engine import Engine

        return DockerDriver(self, shared.one(Engine), name=place.name, emulated=bool(place.emulator))

    def through(self, shared: Shared) -> str:
        from anyunix.drivers.docker.engine import Engine

        return shared.one(Engine).title()

    def portable_image(self, shared: Shared) -> PlatformImage:
        from anyunix.drivers.docker.engine import Engine
        from anyunix.drivers.docker.engine_image import EngineImage

        return EngineImage(shared.one(Engine), self.image)

    def checked(self, folders: Folders) -> "DockerOptions":
        super().checked(folders)
        return msgspec.structs.replace(self, dockerfile=self._dockerfile(folders), seccomp=self._seccomp(folders))

    def _dockerfile(self, folders: Folders) -> str:
        dockerfiles = folders.project / "Dockerfiles"
        found = _named("dockerfile", self.dockerfile, folders.beside, dockerfiles, "*.Dockerfile")
        read_text(found)  # what cannot be read is said now
        return str(found)

    def _seccomp(self, folders: Folders) -> str:
        """A file that extends one of the project's has its profile from there."""
        if self.seccomp in ("", UNCONFINED):
            return self.seccomp
        found = _named("seccomp", self.seccomp, folders.beside, folders.project / "platforms", "seccomp/*.json")
        try:
            profile = json.loads(read_text(found))
        except (ValueError, RecursionError) as error:
            raise BadOption("seccomp", f"{found} is no JSON: {error}") from None
        if not isinstance(profile, dict) or "defaultAction" not in profile:
            raise BadOption("seccomp", f"{found} is no seccomp profile: expected an object with defaultAction")
        return str(found)


def _named(key: str, name: str, beside: Path, project: Path, known: str) -> Path:
    """A file beside the platform file, else one of the project's, `known` there. Raises BadOption."""
    shown, within = repr(name[:SHOWN]), [inside(folder, name) for folder in (beside, project)]
    for found in within:
        if found and os.path.isfile(found):
            return found
    if not any(within):
        raise BadOption(key, f"{shown} lies outside of {beside}")
    names = [path.relative_to(project).as_posix() for path in project.glob(known)]
    raise BadOption(key, f"no {shown} in {project}", word=name, known=names)
