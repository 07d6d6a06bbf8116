"""The Docker engine: whether it answers, its images, and what killed runs left behind in it."""

import hashlib
import os
import socket
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from typing import Any

import docker
import docker.errors
import requests.exceptions

from anyunix.catalog import Platform
from anyunix.drivers.base import Say
from anyunix.drivers.docker_build import build_image, context_of, reason_of
from anyunix.emulation import no_handler
from anyunix.errors import PlatformError

OWNER_LABEL = "io.anyunix.owner"
DEADLINE_LABEL = "io.anyunix.deadline"
LIFE_SECONDS = 3600
"""How long a container lives at most, whoever forgets it."""
ANSWER_SECONDS = 5
LOCAL_SOCKET = "http+docker://localhost"
"""What the client calls an engine behind a socket of this machine."""
CALL_SECONDS = 600
"""For calls that build or pull."""


class Engine:
    """One engine, shared by all cells of a run; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._image_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._client: Any = None
        self._reason: str | None = None
        self._asked = False

    def available(self) -> str | None:
        """None when the engine answers, else why not and what to do; asked once."""
        with self._lock:
            if not self._asked:
                self._asked = True
                self._reason = self._connect()
            return self._reason

    def cannot_run(self, platform: Platform) -> str | None:
        """Why programs for an emulated CPU do not start on this machine's engine; None for all that may.

        Of an engine on another machine nothing is known before a program is started there.
        """
        here = sys.platform == "linux" and self.client().api.base_url == LOCAL_SOCKET
        return no_handler(platform.cpu) if platform.emulator and here else None

    def client(self) -> Any:
        if self._client is None:
            raise PlatformError(self._reason or "the Docker engine was not asked for yet")
        return self._client

    def image(self, platform: Platform, say: Say) -> str:
        """The tag of the platform's image, built if there is none for this content. Raises PlatformError."""
        recipe = _recipe(platform)
        with self._image_locks[platform.base]:
            base = self._base(platform, say)
            content = hashlib.sha256(f"{base}\n{platform.cpu}\n".encode() + recipe).hexdigest()
            tag = f"anyunix/{platform.dockerfile.name.split('.')[0] if platform.dockerfile else 'image'}:{content[:16]}"
        with self._image_locks[tag]:
            try:
                self.client().images.get(tag)
            except docker.errors.ImageNotFound:
                say(f"building the image {tag}")
                build_image(self.client(), recipe, tag, recipe=str(platform.dockerfile), base=platform.base,
                            cpu=platform.cpu, say=say)
            except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
                raise PlatformError(f"the Docker engine fails to look up {tag}: {reason_of(error)}") from error
        return tag

    def remove_left_behind(self) -> list[str]:
        """Remove containers and networks of runs that are dead or past their deadline; their names."""
        client, removed = self.client(), []
        with suppress(docker.errors.DockerException, requests.exceptions.RequestException):
            for container in client.containers.list(all=True, filters={"label": DEADLINE_LABEL}):
                if _left_behind(container.labels):
                    with suppress(docker.errors.DockerException):
                        container.remove(force=True, v=True)
                        removed.append(container.name)
            for network in client.networks.list(filters={"label": DEADLINE_LABEL}):
                if _left_behind(network.attrs.get("Labels") or {}):
                    with suppress(docker.errors.DockerException):
                        network.remove()
                        removed.append(network.name)
        return removed

    def _connect(self) -> str | None:
        where = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        hint = "start it (`systemctl start docker`, or `dockerd` by hand), or set DOCKER_HOST"
        try:
            docker.from_env(timeout=ANSWER_SECONDS).ping()
            self._client = docker.from_env(timeout=CALL_SECONDS)
        except PermissionError:
            return f"the Docker engine at {where} may not be used by this user: join the group docker"
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
            if "Permission denied" in str(error):
                return f"the Docker engine at {where} may not be used by this user: join the group docker"
            if "timed out" in str(error).lower():
                return f"the Docker engine at {where} does not answer within {ANSWER_SECONDS} s: restart it"
            return f"no Docker engine answers at {where}: {hint}"
        self.remove_left_behind()
        return None

    def _base(self, platform: Platform, say: Say) -> str:
        """The base image's ID; pulled where it is not here. Raises PlatformError."""
        images = self.client().images
        try:
            try:
                return str(images.get(platform.base).id)
            except docker.errors.ImageNotFound:
                self._pull(platform, say)
                return str(images.get(platform.base).id)
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise PlatformError(
                f"the image {platform.base} is not here and cannot be pulled ({reason_of(error)}): "
                f"`anyunix images build {platform.base}` makes it from a package mirror, `docker import` takes a "
                f"root file system") from error

    def _pull(self, platform: Platform, say: Say) -> None:
        say(f"pulling {platform.base}")
        for event in self.client().api.pull(platform.base, platform=platform.cpu or None, stream=True, decode=True):
            if "error" in event:
                raise PlatformError(f"the image {platform.base} cannot be pulled: {event['error']}")
            say(f"pulling {platform.base}: {event.get('status', '')} {event.get('progress', '')}")


def owner() -> str:
    """Who made a resource: this machine and process."""
    return f"{socket.gethostname()}/{os.getpid()}"


def _left_behind(labels: dict[str, str]) -> bool:
    host, _, pid = labels.get(OWNER_LABEL, "").partition("/")
    deadline = labels.get(DEADLINE_LABEL, "0")
    if not deadline.isdigit() or int(deadline) < time.time():
        return True
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # alive, and another user's
    return False


def _recipe(platform: Platform) -> bytes:
    """The build context: the Dockerfile, and the platform's own files copied over what the image has."""
    assert platform.dockerfile is not None, "the catalog asks for it"
    files = {f"files{path}": content.encode() for path, content in sorted(platform.files.items())}
    dockerfile = platform.dockerfile.read_text() + ("\nCOPY files/ /\n" if files else "")
    return context_of({**files, "Dockerfile": dockerfile.encode()})
