"""Where the engine is: DOCKER_HOST, else the context DOCKER_CONTEXT, else the one that `docker context use` chose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker.utils
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.context import ContextAPI

from anyunix.drivers.docker.image_build import reason_of
from anyunix.errors import PlatformError


@dataclass(frozen=True)
class Address:
    """An engine's address, and who gave it."""

    url: str
    context: str = ""
    """The Docker context that names it; empty without one."""
    tls: Any = None

    def __str__(self) -> str:
        return f"{self.url} (docker context {self.context!r})" if self.context else self.url

    @property
    def podman(self) -> bool:
        """Whether it is Podman's, as far as its address tells."""
        return "podman" in self.url

    @property
    def how_to_start(self) -> str:
        """What to type when nothing answers there."""
        if self.podman:
            return f"start it (`systemctl --user start podman.socket`, or `podman system service --time=0 {self.url}`)"
        return "start it (`systemctl start docker`, or `dockerd` by hand), or set DOCKER_HOST"

    @property
    def how_to_get_in(self) -> str:
        """What to do when this user may not."""
        return (
            "Podman's service is for its own user: start one as this user (`systemctl --user start podman.socket`) "
            "and set DOCKER_HOST"
            if self.podman
            else "join the group docker"
        )

    @property
    def how_to_wake(self) -> str:
        """What to do when it takes connections and does not answer."""
        return (
            "run again when `podman info` answers, or restart it (`systemctl --user restart podman.socket`)"
            if self.podman
            else "run again when `docker info` answers, or restart it (`systemctl restart docker`)"
        )


def find_address(environment: Mapping[str, str]) -> Address:
    """The engine that the command `docker` would ask. Raises PlatformError for a context that is not there."""
    given = docker.utils.kwargs_from_env(dict(environment) or {"": ""})
    if url := given.get("base_url"):
        return Address(url, tls=given.get("tls"))
    name = environment.get("DOCKER_CONTEXT") or None
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:  # what docker-py raises for a damaged file is of no narrower type
        raise PlatformError(f"the Docker context cannot be read: {reason_of(error)}") from error
    if context is None:
        named = f"{name!r} (DOCKER_CONTEXT)" if name else "that `docker context use` chose"
        raise PlatformError(f"the Docker context {named} is not there: `docker context ls` shows those that are")
    if context.name == "default" or not context.Host:
        return Address(DEFAULT_UNIX_SOCKET.removeprefix("http+"), tls=given.get("tls"))
    return Address(context.Host, context.name, context.TLSConfig)
