"""A virtual machine that Vagrant starts once and keeps for the next run; cells reach it over SSH."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

from anyunix.drivers.base import Completed, Progress
from anyunix.drivers.ssh.ssh_driver import SshDriver
from anyunix.drivers.vagrant.machine import Machine
from anyunix.errors import PlatformError


class VagrantDriver:
    """One cell's connection to a machine that all cells of its platform share."""

    def __init__(self, machine: Machine, turn: AbstractContextManager[object]) -> None:
        self._machine, self._turn = machine, turn
        self._ssh: SshDriver | None = None
        self._ended = False

    def available(self) -> str | None:
        return self._machine.reason()

    def up(self, say: Progress) -> None:
        target = self._machine.start(say)
        if self._ended:
            raise PlatformError("the platform is down")
        self._ssh = SshDriver(target, self._turn)
        self._ssh.up(say)

    def put(self, archive: Path) -> None:
        self._connected().put(archive)

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        return self._connected().run(argv, env=env, timeout=timeout, say=say)

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        return self._connected().get(path, limit=limit)

    def down(self) -> None:
        """End the connection with all it started; the machine stays, `anyunix down` ends it."""
        self._ended = True
        if self._ssh is None:
            self._machine.interrupt()
        else:
            self._ssh.down()

    def _connected(self) -> SshDriver:
        if self._ssh is None:
            raise PlatformError("the platform is down")
        return self._ssh
