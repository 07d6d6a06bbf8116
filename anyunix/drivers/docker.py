"""A hardened container, one a cell, that lives as long as the cell and is entered for each command."""

import os
import secrets
import shlex
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import docker.errors
import docker.types
import requests.exceptions

from anyunix.catalog import Platform
from anyunix.drivers.base import OUTPUT_LIMIT, Completed, Say
from anyunix.drivers.docker_build import emulator_hint, reason_of
from anyunix.drivers.engine import DEADLINE_LABEL, LIFE_SECONDS, OWNER_LABEL, Engine, owner
from anyunix.errors import PlatformError

WORK = "/work"
GRACE_SECONDS = 10.0
READ_TRIES = 3
# An engine under load can end an exec before it has handed on what the command wrote (seen with 20.10). The end of
# the other stream tells.
READ, WHOLE = 'head -c "$1" -- "$2" && echo whole >&2', b"whole\n"
SCRATCH = "rw,exec,nosuid,nodev,size=2g,mode=1777"
UNPACK = "import io,sys,tarfile;tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read(int(sys.argv[1])))).extractall()"


class DockerDriver:
    """An ordinary user, no capabilities, a read-only root, limits, an init, a private network without a way out."""

    def __init__(self, platform: Platform, engine: Engine) -> None:
        self._platform, self._engine = platform, engine
        self._container: Any = None
        self._network: Any = None
        self._lock = threading.Lock()
        self._ended = False

    def available(self) -> str | None:
        return self._engine.available() or self._engine.cannot_run(self._platform)

    def up(self, say: Say) -> None:
        image = self._engine.image(self._platform, say)
        say("starting the container")
        try:
            with self._lock:  # down() from another thread sees all of it or nothing
                if self._ended:
                    raise PlatformError("the platform is down")
                self._network = self._create_network()
                self._container = self._create_container(image)
                self._container.start()
        except docker.errors.DockerException as error:
            self.down()
            raise PlatformError(f"the container does not start: {reason_of(error)}"
                                f"{emulator_hint(reason_of(error))}") from error

    def put(self, archive: Path) -> None:
        data = archive.read_bytes()
        call = self._api().exec_create(self._id(), ["python3", "-c", UNPACK, str(len(data))], stdin=True, workdir=WORK)
        stream = self._api().exec_start(call["Id"], socket=True)
        connection: socket.socket = getattr(stream, "_sock", stream)
        try:
            connection.sendall(data)
            said = b""
            while piece := connection.recv(65536):
                said = (said + piece)[-1000:]
        except OSError as error:
            raise PlatformError(f"the payload could not be sent: {error}") from error
        finally:
            stream.close()
        status = self._api().exec_inspect(call["Id"])["ExitCode"]
        if status != 0:
            raise PlatformError(f"the payload could not be unpacked in {WORK} (exit status {status}): "
                                f"{' '.join(said.decode(errors='replace').split())[-300:]}")

    def run(self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Say | None = None) -> Completed:
        status, out, err, timed_out = self._exec(argv, env, timeout, say)
        return Completed(status, out.decode(errors="replace"), err.decode(errors="replace"), timed_out)

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        for _ in range(READ_TRIES):
            command = ["sh", "-c", READ, "sh", str(limit + 1), str(path)]
            status, out, err, _ = self._exec(command, {}, GRACE_SECONDS, None)
            if status != 0 or err.endswith(WHOLE):
                break
        else:
            raise PlatformError(f"{path}: the engine lost what was read, {READ_TRIES} times")
        if status != 0:
            raise PlatformError(f"{path}: not there after the run ({err.decode(errors='replace').strip()})")
        if len(out) > limit:
            raise PlatformError(f"{path}: larger than the {limit} bytes that are read back")
        return out

    def down(self) -> None:
        with self._lock:
            self._ended = True
            container, self._container = self._container, None
            network, self._network = self._network, None
        if container is not None:
            _gone(lambda: container.remove(force=True, v=True))
        if network is not None:
            _gone(network.remove)

    def _exec(self, argv: Sequence[str], env: Mapping[str, str], timeout: float,
              say: Say | None) -> tuple[int, bytes, bytes, bool]:
        """Exit status, stdout, stderr, and whether the container had to be killed over the time."""
        kept, lines = (bytearray(), bytearray()), _Lines(say)
        late = threading.Event()
        guard = threading.Timer(timeout + GRACE_SECONDS, self._too_late, [late])
        guard.daemon = True
        guard.start()
        try:
            call = self._api().exec_create(self._id(), list(argv), environment=dict(env), workdir=WORK)
            for pieces in self._api().exec_start(call["Id"], stream=True, demux=True):
                for buffer, piece in zip(kept, pieces, strict=True):
                    if piece:
                        buffer += piece[:max(0, OUTPUT_LIMIT - len(buffer))]
                lines.add(pieces[0] or b"")
            status = 137 if late.is_set() else self._api().exec_inspect(call["Id"])["ExitCode"]
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
            if not late.is_set():
                raise PlatformError(f"the container is lost while it ran {shlex.join(argv):.80}: "
                                    f"{reason_of(error)}") from error
            status = 137
        finally:
            guard.cancel()
        if status is None:
            raise PlatformError(f"the container is lost while it ran {shlex.join(argv):.80}")
        return status, bytes(kept[0]), bytes(kept[1]), late.is_set()

    def _too_late(self, late: threading.Event) -> None:
        """supervise.py on the platform did not end the command in its time: the container goes."""
        late.set()
        self.down()

    def _create_network(self) -> Any:
        """A dual-stack network of this cell alone: a random unique local prefix (RFC 4193), no way out."""
        prefix = f"fd{secrets.token_hex(1)}:{secrets.token_hex(2)}:{secrets.token_hex(2)}::/64"
        pools = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=prefix)])
        return self._engine.client().networks.create(
            f"anyunix-{secrets.token_hex(6)}", driver="bridge", internal=True, enable_ipv6=True, ipam=pools,
            labels=self._labels())

    def _create_container(self, image: str) -> Any:
        platform = self._platform
        return self._engine.client().containers.create(
            image, ["sleep", str(LIFE_SECONDS)], name=f"anyunix-{platform.name}-{secrets.token_hex(4)}",
            init=platform.init, user=platform.user, cap_drop=["ALL"], cap_add=list(platform.capabilities),
            security_opt=["no-new-privileges"], read_only=True, tmpfs={WORK: SCRATCH, "/tmp": SCRATCH},
            pids_limit=platform.processes, mem_limit=platform.memory, nano_cpus=(os.cpu_count() or 1) * 10**9,
            network=self._network.name, sysctls=dict(platform.sysctls), labels=self._labels())

    def _labels(self) -> dict[str, str]:
        return {OWNER_LABEL: owner(), DEADLINE_LABEL: str(int(time.time()) + LIFE_SECONDS)}

    def _api(self) -> Any:
        return self._engine.client().api

    def _id(self) -> str:
        if self._container is None:
            raise PlatformError("the platform is down")
        return str(self._container.id)


class _Lines:
    """Cuts a stream into lines for `say`."""

    def __init__(self, say: Say | None) -> None:
        self._say = say
        self._rest = b""

    def add(self, piece: bytes) -> None:
        if self._say is None:
            return
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[-65536:]
        for line in lines:
            self._say(line.decode(errors="replace"))


def _gone(remove: Callable[[], object]) -> None:
    """Remove something of the engine; that it is gone already, or the engine itself is, is no error here."""
    try:
        remove()
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError):
        return
