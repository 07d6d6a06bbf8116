"""The way to one engine: its clients, what it is, and why it does not answer."""

import re
from collections.abc import Mapping
from typing import Any

import docker
import urllib3
from docker.constants import DEFAULT_DOCKER_API_VERSION

from anyunix.drivers.docker.endpoint import REMOTE, Address
from anyunix.drivers.docker.execution import ENGINE_ERRORS
from anyunix.drivers.docker.far_engine import FarEngine
from anyunix.errors import PlatformError
from anyunix.text import safe

TLS_FAILS = re.compile(r"\[SSL[^\]]*\] [^('\"]*|HTTP request to an HTTPS server|certificate verify failed[^('\"]*")
"""In the words of Python's ssl, and of an engine that is spoken to without TLS."""


class Connection:
    """Closed by `close`, with all clients that it made."""

    def __init__(self, where: Address) -> None:
        """Nothing is asked yet. Raises PlatformError for an address that cannot be tried."""
        self.where = where
        self._far = FarEngine(where.url) if where.url.startswith(REMOTE) else None
        self._url = self._far.url if self._far else where.url
        self._clients: list[Any] = []
        self._version: Mapping[str, Any] = {}

    def ask(self, seconds: int) -> None:
        """Ask the engine what it is. Raises PlatformError with what to do."""
        try:
            self._learn(seconds)
        except ENGINE_ERRORS as error:
            raise PlatformError(self._why_not(error, seconds)) from error

    def client(self, seconds: int) -> Any:
        """A client whose calls end after so many seconds without a word. Raises what is in ENGINE_ERRORS."""
        if not self._version:
            self._learn(seconds)
        return self._client(seconds, self._version.get("ApiVersion", DEFAULT_DOCKER_API_VERSION))

    @property
    def is_podman(self) -> bool:
        return any("podman" in str(part.get("Name")).lower() for part in self._version.get("Components") or ())

    @property
    def product(self) -> str:
        """`Docker 20.10.24` or `Podman 4.3.1`."""
        return f"{'Podman' if self.is_podman else 'Docker'} {safe(str(self._version.get('Version') or '?'))}"

    @property
    def title(self) -> str:
        """`Podman 4.3.1, without root, at unix:///run/user/1000/podman/podman.sock`. Asks the engine."""
        try:
            rootless = without_root(self._clients[-1].api.info())
        except ENGINE_ERRORS:
            rootless = False
        return f"{self.product}{', without root,' if rootless else ''} at {self.where}"

    def close(self) -> None:
        """Idempotent."""
        for client in self._clients:
            client.close()
        if self._far:
            self._far.close()

    def _learn(self, seconds: int) -> None:
        self._version = self._client(seconds, DEFAULT_DOCKER_API_VERSION).api.version(api_version=False)

    def _client(self, seconds: int, version: str) -> Any:
        tls = self.where.tls
        if tls and not tls.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the user said so
        made = docker.DockerClient(base_url=self._url, tls=tls or False, timeout=seconds, version=version)
        made.api.trust_env = False  # else REQUESTS_CA_BUNDLE replaces the authority that the engine's user named
        self._clients.append(made)
        return made

    def _why_not(self, error: Exception, seconds: int) -> str:
        where, said = self.where, str(error).lower()
        if self._far and (reason := self._far.why_not()):
            return f"the Docker engine at {where} is not reached: {reason}"
        if isinstance(error, PermissionError) or "permission denied" in said:
            return f"the Docker engine at {where} may not be used by this user: {where.how_to_get_in}"
        if "timed out" in said:
            return f"the Docker engine at {where} does not answer within {seconds} s: {where.how_to_wake}"
        if found := TLS_FAILS.search(str(error)):
            return (
                f"the Docker engine at {where} and this client do not agree on TLS ({found[0].strip()}): set "
                "DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or make the context with --docker host=…,ca=…,cert=…,key=…"
            )
        return f"no Docker engine answers at {where}: {where.how_to_start}"


def without_root(info: Mapping[str, Any]) -> bool:
    """Whether an engine runs as an ordinary user, by its answer to `GET /info`: in Podman's words, and in Docker's."""
    return bool(info.get("Rootless")) or any("name=rootless" in each for each in info.get("SecurityOptions") or ())
