"""What a platform file says about a container. Reading it needs no client of the Docker engine."""

import os
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from anyunix.drivers.base import Driver
from anyunix.drivers.docker.image_context import Image
from anyunix.drivers.options import SHOWN, AlteringOptions, BadOption, Folders, Place, Shared
from anyunix.host.regular import inside, read_text
from anyunix.text import Text, Word

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

    def driver(self, place: Place, shared: Shared) -> Driver:
        # here, and not above: the client of the engine takes a quarter of a second to import
        from anyunix.drivers.docker.docker_driver import DockerDriver
        from anyunix.drivers.docker.engine import Engine

        return DockerDriver(self, shared.one(Engine), name=place.name, emulated=bool(place.emulator))

    def checked(self, folders: Folders) -> "DockerOptions":
        super().checked(folders)
        dockerfiles, shown = folders.project / "Dockerfiles", repr(self.dockerfile[:SHOWN])
        within = [inside(folder, self.dockerfile) for folder in (folders.beside, dockerfiles)]
        for found in within:
            if found and os.path.isfile(found):
                read_text(found)  # what cannot be read is said now
                return msgspec.structs.replace(self, dockerfile=str(found))
        if not any(within):
            raise BadOption("dockerfile", f"{shown} lies outside of {folders.beside}")
        known = [path.name for path in dockerfiles.glob("*.Dockerfile")]
        raise BadOption("dockerfile", f"no {shown} in {dockerfiles}", word=self.dockerfile, known=known)
