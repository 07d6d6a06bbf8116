"""`anyunix down`: end the virtual machines that earlier runs left for the next one."""

import argparse
import os

from rich.text import Text

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import console_for_reports, once
from anyunix.drivers.vagrant.machines import Machines
from anyunix.errors import EXIT_NOT_PORTABLE, EXIT_PORTABLE, ConfigurationError, PlatformError
from anyunix.text import first_line


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `down` and its arguments."""
    down = commands.add_parser(
        "down",
        help="end the virtual machines that earlier runs left",
        epilog="Exit status: 0 none is left, 1 one could not be ended, 2 usage error.",
    )
    down.add_argument("platform", nargs="*", metavar="PLATFORM", help="only these (default: all)")
    down.set_defaults(command=down_command)


def down_command(arguments: argparse.Namespace) -> int:
    """Destroy them; the exit status. Raises ConfigurationError."""
    catalog, machines, status = find_catalog(), Machines(os.environ), EXIT_PORTABLE
    platforms = [catalog.platform(name) for name in once(arguments.platform) or catalog.platform_names()]
    for platform in platforms:
        if platform.box is None:
            if arguments.platform:
                raise ConfigurationError(
                    f"{platform.name}: driver {platform.driver} leaves nothing behind; only "
                    "virtual machines are kept from run to run"
                )
            continue
        machine = machines.of(platform)
        if not machine.exists:
            continue
        try:
            said = machine.destroy()
        except PlatformError as error:
            said, status = str(error), EXIT_NOT_PORTABLE
        console_for_reports().print(Text(f"{platform.name}: {first_line(said)}"), soft_wrap=True)
    return status
