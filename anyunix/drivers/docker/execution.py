"""One command in a running container: its input, its two streams and its exit status, all within a time limit."""

import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

import docker.errors
import requests.exceptions

STDOUT, STDERR = 1, 2
HEADER = struct.Struct(">BxxxL")
"""Of a frame: the stream, the size (https://docs.docker.com/reference/api/engine, Attach to a container)."""
PIECE = 65536
LOOK_SECONDS = 0.05
ENGINE_ERRORS = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)
"""What a call to an engine raises when it refuses, does not answer, or is gone; TimeoutError is among them."""


def close_stream(stream: Any) -> None:
    """Close what docker-py gives for a socket, and the response that it hides; what is gone already is fine."""
    for each in (getattr(stream, "_response", None), stream):
        with suppress(*ENGINE_ERRORS):
            if each is not None:
                each.close()


class DockerExec:
    """A command that was started. Its methods raise TimeoutError at the deadline, and others of ENGINE_ERRORS."""

    def __init__(
        self,
        api: Any,
        container: str,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: str,
        seconds: float,
        stdin: bool = False,
    ) -> None:
        self._api, self._deadline = api, time.monotonic() + seconds
        self._id = api.exec_create(container, list(argv), environment=dict(environment), workdir=folder, stdin=stdin)[
            "Id"
        ]
        self._stream = api.exec_start(self._id, socket=True)
        self._socket = getattr(self._stream, "_sock", self._stream)
        response = getattr(self._stream, "_response", None)
        # What the command says at once can come with the HTTP header and is then in the buffer of whoever read that;
        # docker-py's own readers look at the socket below and lose it, or see a frame begin in the middle.
        buffered = getattr(getattr(getattr(response, "raw", None), "_fp", None), "fp", None)
        self._read = getattr(buffered, "read1", self._socket.recv)

    def __enter__(self) -> "DockerExec":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close_stream(self._stream)

    def feed(self, data: bytes) -> None:
        """Write to the command's stdin."""
        self._socket.settimeout(self._left())
        self._socket.sendall(data)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """What the command writes, as it comes, until it ends."""
        rest = b""
        while piece := self._piece():
            rest += piece
            while len(rest) >= HEADER.size:
                stream, size = HEADER.unpack_from(rest)
                if len(rest) < HEADER.size + size:
                    break
                yield stream, rest[HEADER.size : HEADER.size + size]
                rest = rest[HEADER.size + size :]

    def status(self) -> int | None:
        """Its exit status; None when the container ended under it."""
        while (found := self._api.exec_inspect(self._id))["ExitCode"] is None and found["Running"]:
            time.sleep(min(LOOK_SECONDS, self._left()))  # it closed its streams first; the engine tells no end of it
        status: int | None = found["ExitCode"]
        return status

    def _piece(self) -> bytes:
        self._socket.settimeout(self._left())
        found: bytes = self._read(PIECE)
        return found

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return left
