"""The ways to reach a platform, one file each."""

from anyunix.catalog import Platform
from anyunix.drivers.base import Driver
from anyunix.drivers.docker import DockerDriver
from anyunix.drivers.documented import DocumentedDriver
from anyunix.drivers.engine import Engine
from anyunix.drivers.local import LocalDriver
from anyunix.drivers.netns import NetnsDriver


class Drivers:
    """Makes the driver for a cell; what cells share (the Docker engine) is made once."""

    def __init__(self) -> None:
        self._engine = Engine()

    def for_platform(self, platform: Platform) -> Driver:
        if platform.driver == "docker":
            return DockerDriver(platform, self._engine)
        if platform.driver == "netns":
            return NetnsDriver(platform)
        if platform.driver == "documented":
            return DocumentedDriver()
        return LocalDriver()
