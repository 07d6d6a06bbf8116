"""What a platform file says about a machine that is reached over SSH, and what all connections of a run share."""

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from anyunix.drivers.options import SHOWN, BadOption, DriverOptions, Folders, Place, Shared
from anyunix.drivers.ssh.destination import Destination, parse_destination
from anyunix.drivers.ssh.ssh_driver import SshDriver
from anyunix.host.regular import inside
from anyunix.text import Text

SSH_CONFIG = "ANYUNIX_SSH_CONFIG"
"""Names a file that ssh reads instead of the user's own configuration."""
CONNECTING = 4
"""Connections made at the same time; sshd drops some above 10 (MaxStartups in sshd_config(5))."""


class Connections:
    """What all cells share that go over SSH."""

    def __init__(self) -> None:
        self.turn = threading.Semaphore(CONNECTING)
        self._config = os.environ.get(SSH_CONFIG)

    def configured(self, target: Destination) -> Destination:
        """A platform file's own SSH configuration comes before that of the environment."""
        return target if target.config or not self._config else replace(target, config=Path(self._config))


class SshOptions(DriverOptions, frozen=True, tag="ssh"):
    """Where SSH goes."""

    address: Annotated[
        Text, msgspec.Meta(description="ssh://user@host:port, or the name of a Host in the SSH configuration")
    ]
    ssh_config: Annotated[
        Text, msgspec.Meta(description="a file beside this one that ssh reads instead of the user's configuration")
    ] = ""

    @property
    def target(self) -> Destination:
        """Raises ValueError with what is wrong with the address."""
        return parse_destination(self.address, Path(self.ssh_config) if self.ssh_config else None)

    def driver(self, place: Place, shared: Shared) -> SshDriver:
        connections = shared.one(Connections)
        return SshDriver(connections.configured(self.target), connections.turn)

    def checked(self, folders: Folders) -> "SshOptions":
        shown = repr(self.ssh_config[:SHOWN])
        file = inside(folders.beside, self.ssh_config)
        if not file:
            raise BadOption("ssh_config", f"{shown} lies outside of {folders.beside}")
        if self.ssh_config and not os.path.isfile(file):
            raise BadOption("ssh_config", f"no file {shown} in {folders.beside}")
        try:
            parse_destination(self.address)
        except ValueError as error:
            raise BadOption("address", str(error)) from None
        return SshOptions(self.address, str(file)) if self.ssh_config else self
