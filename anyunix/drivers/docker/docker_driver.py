"""A hardened container, one per cell, that lives as long as the cell and is entered for each command."""

import os
import re
import secrets
import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import docker.types

from anyunix.drivers.base import OUTPUT_LIMIT, Completed, Progress
from anyunix.drivers.docker.confinement import asks_for_limits, cannot_confine, security_options
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.docker.execution import ENGINE_ERRORS, STDERR, STDOUT, DockerExec, close_stream
from anyunix.drivers.docker.image_build import reason_of, start_hint
from anyunix.drivers.docker.owned import labels, remove_container
from anyunix.drivers.output import Output
from anyunix.errors import PlatformError

WORK = "/work"
TIED = ("cat",)
"""A container's own process. Its stdin is a connection of this process, which the kernel closes however a run ends;
then the container ends too, and the engine removes it.
"""
NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")
"""What a container's name cannot hold, and a platform's can: debian+v6only-default."""
GRACE_SECONDS = 10.0
TRANSFER_SECONDS = 120.0
KILLED = 137
READ_TRIES = 3
# An engine under load can end an exec before it has handed on what the command wrote (seen with 20.10). The end of
# the other stream tells.
READ, WHOLE = 'head -c "$1" -- "$2" && echo whole >&2', b"whole\n"
SCRATCH = "rw,exec,nosuid,nodev,size=2g,mode=1777"
UNPACK = "import io,sys,tarfile;tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read(int(sys.argv[1])))).extractall()"


class DockerDriver:
    """An ordinary user, no capabilities, a read-only root, limits, an init, a private network without a way out."""

    def __init__(
        self,
        options: DockerOptions,
        engine: Engine,
        *,
        name: str = "container",
        emulated: bool = False,
        transfer_seconds: float = TRANSFER_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        """`name` is for people who list containers; `emulated` says that the CPU is not the machine's.
        `transfer_seconds` are for one file, there or back; a command gets `grace_seconds` more than it asks for.
        """
        self._options, self._engine = options, engine
        self._name, self._emulated = name, emulated
        self._transfer_seconds, self._grace_seconds = transfer_seconds, grace_seconds
        self._container: Any = None
        self._tie: Any = None
        self._network: Any = None
        self._lock = threading.Lock()
        self._ended = False

    def available(self) -> str | None:
        if reason := self._engine.available():
            return reason
        if self._emulated and (reason := self._engine.cannot_emulate(self._options.cpu)):
            return reason
        return self._cannot_confine()

    def _cannot_confine(self) -> str | None:
        """What it lacks; the engine is asked by those alone who want something special."""
        options = self._options
        if not (options.runtime or options.seccomp or options.apparmor or asks_for_limits(options)):
            return None
        try:
            return cannot_confine(options, self._api().info(), self._engine.connection())
        except ENGINE_ERRORS as error:
            return f"the Docker engine does not say what it has: {reason_of(error)}"

    def up(self, say: Progress) -> None:
        image = self._engine.image(self._options.image, say)
        say("starting the container")
        try:
            with self._lock:  # down() from another thread sees all of it or nothing
                if self._ended:
                    raise PlatformError("the platform is down")
                self._network = self._create_network()
                self._container = self._create_container(image)
                self._tie = self._api().attach_socket(self._container.id, params={"stdin": 1, "stream": 1})
                self._container.start()
        except ENGINE_ERRORS as error:
            self.down()
            raise PlatformError(
                f"the container does not start: {reason_of(error)}{start_hint(reason_of(error))}"
            ) from error

    def put(self, archive: Path) -> None:
        data, said = archive.read_bytes(), bytearray()
        command = ["python3", "-I", "-S", "-c", UNPACK, str(len(data))]
        try:
            status = self._exec(command, self._transfer_seconds, lambda _, piece: said.extend(piece), data=data)
        except TimeoutError:
            raise PlatformError(
                f"the payload was not taken within {self._transfer_seconds:g} s: python3 there does "
                "not read its standard input, or the engine is stuck"
            ) from None
        if status != 0:
            raise PlatformError(
                f"the payload could not be unpacked in {WORK} (exit status {status}): "
                f"{' '.join(said.decode(errors='replace').split())[-300:]}"
            )

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        kept = Output(STDOUT, STDERR, OUTPUT_LIMIT, say)
        try:
            status, late = self._exec(argv, timeout + self._grace_seconds, kept, environment=env), False
        except TimeoutError:  # supervise.py on the platform did not end the command in its time: the container goes
            status, late = KILLED, True
            self.down()
        return Completed(status, kept.text(STDOUT), kept.text(STDERR), late)

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        for _ in range(READ_TRIES):
            kept = Output(STDOUT, STDERR, limit + 1)
            command = ["sh", "-c", READ, "sh", str(limit + 1), str(path)]
            try:
                status = self._exec(command, self._transfer_seconds, kept)
            except TimeoutError:
                raise PlatformError(f"{path}: not read within {self._transfer_seconds:g} s") from None
            if status != 0 or kept.content(STDERR).endswith(WHOLE):
                break
        else:
            raise PlatformError(f"{path}: the engine lost what was read, {READ_TRIES} times")
        if status != 0:
            raise PlatformError(f"{path}: not there after the run ({kept.text(STDERR).strip()})")
        if len(kept.content(STDOUT)) > limit:
            raise PlatformError(f"{path}: larger than the {limit} bytes that are read back")
        return kept.content(STDOUT)

    def down(self) -> None:
        with self._lock:
            self._ended = True
            container, self._container = self._container, None
            tie, self._tie = self._tie, None
            network, self._network = self._network, None
        if container is not None:
            _gone(lambda: remove_container(self._api(), container.id))
        if tie is not None:
            close_stream(tie)
        if network is not None:
            _gone(network.remove)

    def _exec(
        self,
        argv: Sequence[str],
        seconds: float,
        take: Callable[[int, bytes], None],
        *,
        environment: Mapping[str, str] | None = None,
        data: bytes = b"",
    ) -> int:
        """Run a command with `data` as its stdin, `take` what it writes; its exit status. Raises PlatformError, and
        TimeoutError after `seconds`.
        """
        container, status = self._id(), None
        try:
            with DockerExec(
                self._api(),
                container,
                argv,
                environment=environment or {},
                folder=WORK,
                seconds=seconds,
                stdin=bool(data),
            ) as command:
                if data:
                    with suppress(BrokenPipeError, ConnectionResetError):  # it ended early, and says why
                        command.feed(data)
                for stream, piece in command.frames():
                    take(stream, piece)
                status = command.status()
        except TimeoutError:
            raise
        except ENGINE_ERRORS as error:
            raise self._lost(container, argv, f": {reason_of(error)}") from error
        if status is None:
            raise self._lost(container, argv, "")
        return status

    def _lost(self, container: str, argv: Sequence[str], reason: str) -> PlatformError:
        """With the engine's words, or with what it knows better: that the memory was used up."""
        with suppress(*ENGINE_ERRORS, KeyError):
            if self._api().inspect_container(container)["State"]["OOMKilled"]:
                reason = f": {self._options.out_of_memory}"
        return PlatformError(f"the container is lost while it ran {shlex.join(argv):.80}{reason}")

    def _create_network(self) -> Any:
        """A dual-stack network of this cell alone: a random unique local prefix (RFC 4193), no way out."""
        prefix = f"fd{secrets.token_hex(1)}:{secrets.token_hex(2)}:{secrets.token_hex(2)}::/64"
        pools = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=prefix)])
        name = f"anyunix-{secrets.token_hex(6)}"
        made = self._api().create_network(
            name, driver="bridge", internal=True, enable_ipv6=True, ipam=pools, labels=labels()
        )
        return self._engine.client().networks.prepare_model({"Id": made["Id"], "Name": name})

    def _create_container(self, image: str) -> Any:
        options, api, network = self._options, self._api(), self._network.name
        name = NO_NAME.sub("-", f"anyunix-{self._name}-{secrets.token_hex(4)}")
        limits = api.create_host_config(
            auto_remove=True,
            init=options.init,
            cap_drop=["ALL"],
            cap_add=list(options.capabilities),
            security_opt=security_options(options, by_path=self._engine.connection().is_podman),
            runtime=options.runtime or None,
            read_only=True,
            tmpfs={WORK: SCRATCH, "/tmp": SCRATCH},
            pids_limit=options.processes,
            mem_limit=options.memory,
            nano_cpus=(os.cpu_count() or 1) * 10**9,
            network_mode=network,
            sysctls=dict(options.sysctls),
        )
        made = api.create_container(
            image,
            list(TIED),
            stdin_open=True,
            name=name,
            user=options.user,
            labels=labels(),
            host_config=limits,
            networking_config={network: None},
        )
        return self._engine.client().containers.prepare_model({"Id": made["Id"], "Name": f"/{name}"})

    def _api(self) -> Any:
        return self._engine.client().api

    def _id(self) -> str:
        if self._container is None:
            raise PlatformError("the platform is down")
        return str(self._container.id)


def _gone(remove: Callable[[], object]) -> None:
    """Remove something of the engine. Ignore it if it, or the engine, is already gone."""
    try:
        remove()
    except ENGINE_ERRORS:
        return
