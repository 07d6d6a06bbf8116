"""The base images in the Docker engine: which are here, which of them were made here, put in and taken out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors
import docker.utils
import requests.exceptions

from anyunix.catalog.platforms import Platform
from anyunix.drivers.docker.image_build import reason_of
from anyunix.errors import ConfigurationError, PlatformError
from anyunix.text import nearest, safe

MADE_LABEL = "io.anyunix.made"
IMPORT_SECONDS = 600


@dataclass(frozen=True)
class Base:
    """A base image that platforms are built from."""

    name: str
    """As in a platform file: `debian:trixie-slim`."""
    cpu: str
    platforms: tuple[str, ...]


def bases(platforms: list[Platform]) -> list[Base]:
    """The base images of all platforms that are made from one, each once."""
    found: dict[tuple[str, str], list[str]] = {}
    for platform in platforms:
        if image := platform.options.base_image:
            found.setdefault(image, []).append(platform.name)
    return [Base(name, cpu, tuple(names)) for (name, cpu), names in found.items()]


def choose(wanted: list[str], known: list[Base]) -> list[Base]:
    """Bases by their own name or a platform's; without any, all. Raises ConfigurationError."""
    for name in wanted:
        if not any(name in (base.name, *base.platforms) for base in known):
            words = [word for base in known for word in (base.name, *base.platforms)]
            raise ConfigurationError(
                f"no base image is called {name!r}, and none is of such a platform"
                f"{nearest(name, words)}; `anyunix images list` shows them all"
            )
    return [base for base in known if not wanted or any(name in (base.name, *base.platforms) for name in wanted)]


class Store:
    """The images of one engine. Every method raises PlatformError when the engine fails."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def state(self, name: str) -> str:
        """`missing`, `made` here by `anyunix images build`, or `foreign`: from somewhere else."""
        try:
            labels = self._client.images.get(name).labels
        except docker.errors.ImageNotFound:
            return "missing"
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise PlatformError(f"the engine fails to look up {name}: {reason_of(error)}") from error
        return "made" if MADE_LABEL in labels else "foreign"

    def put(self, archive: Path, base: Base) -> None:
        """Import a root file system under the base's name, unless another image has taken it meanwhile."""
        api = self._client.api
        asked = {"fromSrc": "-", "platform": base.cpu, "changes": f"LABEL {MADE_LABEL}={base.name}"}
        try:
            with archive.open("rb") as file:  # docker-py's own call has no platform
                answer = api.post(
                    f"{api.base_url}/v{api.api_version}/images/create",
                    params=asked,
                    data=file,
                    headers={"Content-Type": "application/x-tar"},
                    timeout=IMPORT_SECONDS,
                )
            said = [json.loads(line) for line in answer.text.splitlines() if line.strip()]
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            raise PlatformError(f"the engine does not import {base.name}: {reason_of(error)}") from error
        last = said[-1] if said and isinstance(said[-1], dict) else {}
        if not answer.ok or "status" not in last:
            why = last.get("error") or last.get("message") or answer.reason
            raise PlatformError(f"the engine does not import {base.name}: {safe(str(why))}")
        self.name(str(last["status"]), base)

    def name(self, image: str, base: Base) -> None:
        """Give a new image the base's name, unless another has taken it meanwhile: then the new one goes."""
        try:
            if self.state(base.name) != "missing":
                self._client.images.remove(image)
                raise PlatformError(f"{base.name} came to be here meanwhile: it is left as it is")
            # apart, because Podman takes no NAME:TAG for a name
            self._client.images.get(image).tag(*docker.utils.parse_repository_tag(base.name))
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise PlatformError(f"the engine cannot name {image} {base.name}: {reason_of(error)}") from error

    def remove(self, name: str) -> None:
        """Remove an image that was made here. Raises ConfigurationError for any other."""
        if self.state(name) != "made":
            raise ConfigurationError(
                f"{name} was not made by `anyunix images build`: it is left as it is; "
                f"docker image rm {name} removes it all the same"
            )
        try:
            self._client.images.remove(name)
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise PlatformError(
                f"{name} cannot be removed: {reason_of(error)}; `anyunix images remove` removes "
                "only what no container uses"
            ) from error
