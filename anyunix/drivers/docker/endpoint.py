"""Where the engine is: DOCKER_HOST, else a Docker context, else the sockets of Docker and Podman on this machine."""

import errno
import os
import re
import socket
import stat
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import docker.tls

from anyunix.drivers.docker.contexts import DEFAULT, current_name, folder_of, read_context, read_tls
from anyunix.errors import PlatformError

SOCKET = "/var/run/docker.sock"
PODMAN = "/run/podman/podman.sock"
"""Of the system's service; a user's own is below XDG_RUNTIME_DIR (podman-system-service(1))."""
LOCAL, REMOTE, TCP = "unix://", "ssh://", ("tcp://", "http://", "https://")
PORT = re.compile(r"[^/@]+:[0-9]{1,5}/?")
EXPECTED = "expected unix:///PATH, ssh://USER@HOST or tcp://HOST:PORT"
LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Address:
    """An engine's address, and who gave it."""

    url: str
    context: str = ""
    """The Docker context that names it; empty without one."""
    tls: docker.tls.TLSConfig | None = None

    def __str__(self) -> str:
        return f"{self.url} (docker context {self.context!r})" if self.context else self.url

    @property
    def is_here(self) -> bool:
        """Whether it is behind a socket of this machine."""
        return self.url.startswith(LOCAL)

    @property
    def podman(self) -> bool:
        """Whether it is Podman's, as far as its address tells."""
        return "podman" in self.url

    @property
    def how_to_start(self) -> str:
        """What to type when nothing answers there."""
        if not self.is_here:
            return "start it there, and let it listen on that address (`docker info` must answer), or set DOCKER_HOST"
        if self.podman:
            return f"start it (`systemctl --user start podman.socket`, or `podman system service --time=0 {self.url}`)"
        podman = ", or Podman's (`systemctl --user start podman.socket`)" if self.url == LOCAL + SOCKET else ""
        return f"start it (`systemctl start docker`, or `dockerd` by hand){podman}, or set DOCKER_HOST"

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
    """The engine that the command `docker` would ask; where it would find none here, Podman's.

    Raises PlatformError for an address, a context or a certificate that is none.
    """
    if url := environment.get("DOCKER_HOST", "").strip():
        return Address(checked(url, "DOCKER_HOST"), tls=_tls_of(environment))
    folder, name = folder_of(environment), environment.get("DOCKER_CONTEXT", "")
    chosen_by = "DOCKER_CONTEXT" if name else "chosen by `docker context use`"
    name = name or current_name(folder)
    if name == DEFAULT:
        return Address(LOCAL + first_open(_sockets(environment)))
    context = read_context(folder, name, chosen_by)
    return Address(checked(context.host, f"the Docker context {name!r}"), name, context.tls)


def checked(url: str, given_by: str) -> str:
    """An address of a kind that can be asked; HOST:PORT alone is tcp://, as for `docker`. Raises PlatformError."""
    if PORT.fullmatch(url):
        return TCP[0] + url
    rest = url.partition("://")[2]
    if url.startswith(TCP) and not PORT.fullmatch(rest):
        raise PlatformError(f"{given_by} is {url[:80]!r}, which has no host and port: {EXPECTED}")
    if not rest or not url.startswith((LOCAL, REMOTE, *TCP)):
        raise PlatformError(f"{given_by} is {url[:80]!r}, which is no address of an engine: {EXPECTED}")
    return url


def first_open(paths: Iterable[str]) -> str:
    """The first of some sockets that this user can connect to; if there is none, the first that is there at all."""
    there = [path for path in paths if _is_socket(path)]
    return next(filter(_opens, there), there[0] if there else SOCKET)


def _sockets(environment: Mapping[str, str]) -> tuple[str, ...]:
    own = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return SOCKET, f"{own}/podman/podman.sock", PODMAN


def _tls_of(environment: Mapping[str, str]) -> docker.tls.TLSConfig | None:
    """What DOCKER_TLS_VERIFY and DOCKER_TLS ask for, any text but none, as `docker` takes them."""
    verify = bool(environment.get("DOCKER_TLS_VERIFY"))
    if not verify and not environment.get("DOCKER_TLS"):
        return None
    folder = Path(environment.get("DOCKER_CERT_PATH") or folder_of(environment))
    if verify and not (folder / "ca.pem").is_file():
        raise PlatformError(f"DOCKER_TLS_VERIFY is set, and {folder}/ca.pem is not there: set DOCKER_CERT_PATH")
    return read_tls(folder, verify=verify)


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def _opens(path: str) -> bool:
    """One that is too busy to answer now is there all the same."""
    with closing(socket.socket(socket.AF_UNIX)) as tried:
        tried.settimeout(LOOK_SECONDS)
        return tried.connect_ex(path) not in (errno.ECONNREFUSED, errno.EACCES, errno.EPERM, errno.ENOENT)
