"""A virtual machine that Vagrant starts once and keeps for the next run; cells reach it over SSH."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Annotated, ClassVar

import msgspec

from anyunix.drivers.base import Completed, Progress
from anyunix.drivers.options import DriverOptions, Place, Shared
from anyunix.drivers.ssh.ssh_driver import SshDriver
from anyunix.drivers.ssh.ssh_options import Connections
from anyunix.drivers.vagrant.box import PROVIDERS, Box, Provider, variables
from anyunix.drivers.vagrant.machine import Machine
from anyunix.drivers.vagrant.machines import Machines
from anyunix.errors import PlatformError
from anyunix.text import Text, Word


class VagrantOptions(DriverOptions, frozen=True, tag="vagrant"):
    """What a virtual machine is made from. The Vagrantfile reads the same keys of the same file."""

    starts: ClassVar[str] = "its virtual machine"

    box: Annotated[Text, msgspec.Meta(description="a box that Vagrant knows or can download, or a box file")]
    box_version: Annotated[Text, msgspec.Meta(description="which version of the box (default: the newest)")] = ""
    box_url: Annotated[Text, msgspec.Meta(description="where the box can be downloaded")] = ""
    box_hint: Annotated[
        Text, msgspec.Meta(description="how the box is made, for one that nobody offers for download")
    ] = ""
    providers: Annotated[
        tuple[Provider, ...], msgspec.Meta(description="what the box can be run by, the best first")
    ] = PROVIDERS
    provision: Annotated[Text, msgspec.Meta(description="a script in boxes/ that sets the machine up")] = ""
    memory: Annotated[Text, msgspec.Meta(description="the machine's: 512m, 2g")] = "1g"
    cpus: Annotated[int, msgspec.Meta(ge=1, description="how many the machine has")] = 1
    libvirt: Annotated[
        dict[Word, Word], msgspec.Meta(description="more settings of the provider libvirt: name -> value")
    ] = msgspec.field(default_factory=dict)

    @property
    def source(self) -> Box:
        return Box(self.box, self.box_version, self.box_url, self.box_hint, self.providers or PROVIDERS)

    def driver(self, place: Place, shared: Shared) -> "VagrantDriver":
        return VagrantDriver(self.remains(place, shared), shared.one(Connections).turn)

    def overridden(self, place: str, environment: Mapping[str, str]) -> Mapping[str, str]:
        return variables(place, environment)

    def remains(self, place: Place, shared: Shared) -> Machine:
        return shared.one(Machines).of(place.name, self.source)


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
