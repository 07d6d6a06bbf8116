"""Makes the driver that a platform asks for."""

import os
import threading
from dataclasses import replace
from pathlib import Path

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Driver
from anyunix.drivers.docker.docker_driver import DockerDriver
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.documented import DocumentedDriver
from anyunix.drivers.local import LocalDriver
from anyunix.drivers.netns.netns_driver import NetnsDriver
from anyunix.drivers.ssh.destination import Destination
from anyunix.drivers.ssh.ssh_driver import SshDriver
from anyunix.drivers.vagrant.machines import Machines
from anyunix.drivers.vagrant.vagrant_driver import VagrantDriver

SSH_CONFIG = "ANYUNIX_SSH_CONFIG"
"""Names a file that ssh reads instead of the user's own configuration."""
SSH_CONNECTING = 4
"""Connections made at the same time; sshd drops some above 10 (MaxStartups in sshd_config(5))."""


class Drivers:
    """Makes the driver for a cell; what cells share (the Docker engine, machines, turns to connect) is made once."""

    def __init__(self, machines: Machines | None = None) -> None:
        self._engine = Engine()
        self._machines = machines or Machines(os.environ)
        self._ssh_turn = threading.Semaphore(SSH_CONNECTING)
        self._ssh_config = os.environ.get(SSH_CONFIG)

    def for_platform(self, platform: Platform) -> Driver:
        if platform.driver == "docker":
            return DockerDriver(platform, self._engine)
        if platform.driver == "netns":
            return NetnsDriver(platform)
        if platform.driver == "documented":
            return DocumentedDriver(platform)
        if platform.box:
            return VagrantDriver(self._machines.of(platform), self._ssh_turn)
        if platform.target:
            return SshDriver(self._configured(platform.target), self._ssh_turn)
        return LocalDriver()

    def _configured(self, target: Destination) -> Destination:
        """A platform file's own SSH configuration comes before that of the environment."""
        return target if target.config or not self._ssh_config else replace(target, config=Path(self._ssh_config))
