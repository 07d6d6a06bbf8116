"""All drivers there are, and the one that a platform asks for."""

from collections.abc import Mapping

from anyunix.drivers.base import Driver
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.documented import DocumentedOptions
from anyunix.drivers.local import LocalOptions
from anyunix.drivers.netns.netns_driver import NetnsOptions
from anyunix.drivers.options import AlteringOptions, DriverOptions, Place, PlatformImage, Remains, Shared
from anyunix.drivers.ssh.ssh_options import SshOptions
from anyunix.drivers.vagrant.vagrant_driver import VagrantOptions

DRIVERS: Mapping[str, type[DriverOptions]] = {
    "local": LocalOptions,
    "netns": NetnsOptions,
    "docker": DockerOptions,
    "ssh": SshOptions,
    "vagrant": VagrantOptions,
    "documented": DocumentedOptions,
}
"""A driver's name, which is also its options' tag -> its options, which make it."""


def altering(options: DriverOptions) -> AlteringOptions | None:
    """The options of a driver that can change what it runs on: these, for this machine its private namespaces."""
    if isinstance(options, AlteringOptions):
        return options
    return NetnsOptions() if isinstance(options, LocalOptions) else None


class Drivers:
    """Makes the driver for a cell; what cells share is made once."""

    def __init__(self, *made: object) -> None:
        """`made`: what is shared and there already, such as machines for the boxes of a command line."""
        self._shared = Shared(*made)

    def for_platform(self, place: Place) -> Driver:
        """The driver for one cell on a platform."""
        return place.options.driver(place, self._shared)

    def remains(self, place: Place) -> Remains | None:
        """What earlier runs may have left up for the next one; None where nothing ever stays."""
        return place.options.remains(place, self._shared)

    def image(self, place: Place) -> PlatformImage | None:
        """What a platform is made from, where that can be sent."""
        return place.options.portable_image(self._shared)

    def through(self, place: Place) -> str:
        """What runs the cells of a platform, a container engine for one; empty where nothing stands between."""
        return place.options.through(self._shared)
