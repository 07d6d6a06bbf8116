"""The Docker engine: whether it answers, its images, and what killed runs left behind in it."""

import hashlib
import os
import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import docker.errors

from anyunix.drivers.base import Progress
from anyunix.drivers.docker.connection import Connection
from anyunix.drivers.docker.endpoint import find_address
from anyunix.drivers.docker.execution import ENGINE_ERRORS
from anyunix.drivers.docker.image_build import build_image, reason_of
from anyunix.drivers.docker.image_context import Image
from anyunix.drivers.docker.owned import remove_left_behind
from anyunix.errors import PlatformError
from anyunix.host.emulators import no_handler
from anyunix.text import safe

ANSWER_SECONDS = 30
"""For the first answer: Podman's service is started by the call, and takes its time when it is cold."""
CALL_SECONDS = 120
BUILD_SECONDS = 600
"""For what a call that builds or pulls says next."""


class Engine:
    """One engine, shared by all cells of a run; safe to use from many threads."""

    def __init__(self, *, answer_seconds: int = ANSWER_SECONDS, call_seconds: int = CALL_SECONDS) -> None:
        """`answer_seconds` are for the first answer, `call_seconds` for every call that neither builds nor pulls."""
        self._answer_seconds, self._call_seconds = answer_seconds, call_seconds
        self._lock = threading.Lock()
        self._image_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._connection: Connection | None = None
        self._client: Any = None
        self._builder: Any = None
        self._reason: str | None = None
        self._title: str | None = None
        self._asked = False

    def available(self) -> str | None:
        """None when the engine answers, else why not and what to do; asked once."""
        with self._lock:
            if not self._asked:
                self._asked = True
                self._reason = self._connect()
            return self._reason

    def cannot_emulate(self, cpu: str) -> str | None:
        """Why programs for a CPU that has to be emulated do not start on this machine's engine; None where they may.

        Of an engine on another machine nothing is known before a program is started there.
        """
        return no_handler(cpu) if sys.platform == "linux" and self.connection().where.is_here else None

    def client(self) -> Any:
        self.connection()
        return self._client

    def connection(self) -> Connection:
        """What it answers through. Raises PlatformError where it does not."""
        if self._connection is None:
            raise PlatformError(self._reason or "the Docker engine was not asked for yet")
        return self._connection

    def title(self) -> str:
        """What it is and where, asked once; empty where it does not answer."""
        reason = self.available()
        with self._lock:
            if self._title is None:
                self._title = "" if reason else self.connection().title
            return self._title

    def image(self, image: Image, say: Progress) -> str:
        """The tag of an image, built if there is none for this content. Raises PlatformError."""
        context = image.context()
        with self._image_locks[image.base]:
            base = self._base(image, say)
            tag = _tag(image, base, context)
        with self._image_locks[tag]:
            try:
                self.client().images.get(tag)
            except docker.errors.ImageNotFound:
                say(f"building the image {tag}")
                build_image(
                    self._builder, context, tag, recipe=str(image.dockerfile), base=image.base, cpu=image.cpu, say=say
                )
            except ENGINE_ERRORS as error:
                raise PlatformError(f"the Docker engine fails to look up {tag}: {reason_of(error)}") from error
        return tag

    def base_here(self, image: Image) -> str:
        """The ID of an image's base; empty where it is not here. Raises PlatformError."""
        return self._id(image.base)

    def image_here(self, image: Image) -> str:
        """The tag of an image that is here already, with its base; empty where it is not. Raises PlatformError."""
        base = self._id(image.base)
        tag = _tag(image, base, image.context()) if base else ""
        return tag if tag and self._id(tag) else ""

    def _id(self, name: str) -> str:
        try:
            return str(self.client().images.get(name).id)
        except docker.errors.ImageNotFound:
            return ""
        except ENGINE_ERRORS as error:
            raise PlatformError(f"the Docker engine fails to look up {name}: {reason_of(error)}") from error

    def _connect(self) -> str | None:
        try:
            made = Connection(find_address(os.environ))
        except PlatformError as error:
            return str(error)
        weakref.finalize(self, made.close)
        try:
            made.ask(self._answer_seconds)
        except PlatformError as error:
            return str(error)
        self._connection = made
        self._client, self._builder = made.client(self._call_seconds), made.client(BUILD_SECONDS)
        remove_left_behind(self._client.api)
        return None

    def _base(self, image: Image, say: Progress) -> str:
        """The base image's ID; pulled where it is not here. Raises PlatformError."""
        images = self.client().images
        try:
            try:
                return str(images.get(image.base).id)
            except docker.errors.ImageNotFound:
                self._pull(image, say)
                return str(images.get(image.base).id)
        except ENGINE_ERRORS as error:
            raise _no_base(image, reason_of(error)) from error

    def _pull(self, image: Image, say: Progress) -> None:
        say(f"pulling {image.base}")
        for event in self._builder.api.pull(image.base, platform=image.cpu or None, stream=True, decode=True):
            if "error" in event:
                raise _no_base(image, " ".join(safe(str(event["error"])).split())[:300])
            say(f"pulling {image.base}: {event.get('status', '')} {event.get('progress', '')}")


def _tag(image: Image, base: str, context: bytes) -> str:
    """The same for the same content; `base` is the base image's ID."""
    content = hashlib.sha256(f"{base}\n{image.cpu}\n".encode() + context).hexdigest()
    return f"anyunix/{image.repository}:{content[:16]}"


def _no_base(image: Image, reason: str) -> PlatformError:
    return PlatformError(
        f"the image {image.base} is not here and cannot be pulled ({reason}): `anyunix images build {image.base}` "
        "makes it from a package mirror, `docker import` takes a root file system"
    )


@contextmanager
def answering(seconds: int) -> Iterator[Any]:
    """A client for a few quick calls; None where there is no engine. Raises what is in ENGINE_ERRORS."""
    try:
        connection = Connection(find_address(os.environ))
    except PlatformError:
        yield None
        return
    with closing(connection):
        try:
            client = connection.client(seconds)
        except ENGINE_ERRORS as error:
            if "timed out" in str(error).lower():
                raise
            yield None
        else:
            yield client
