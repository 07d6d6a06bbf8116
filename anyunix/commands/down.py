"""`anyunix down`: end the virtual machines that earlier runs left for the next one."""

import argparse

from rich.text import Text

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import console_for_reports, once
from anyunix.drivers.registry import Drivers
from anyunix.errors import EXIT_DONE, EXIT_FAILED, ConfigurationError, PlatformError
from anyunix.text import first_line


def add_arguments(down: argparse.ArgumentParser) -> None:
    """Add the arguments of `down`."""
    down.epilog = "Exit status: 0 none is left, 1 one could not be ended, 2 usage error."
    down.add_argument("platform", nargs="*", metavar="PLATFORM", help="only these (default: all)")
    down.set_defaults(command=down_command)


def down_command(arguments: argparse.Namespace) -> int:
    """Destroy them; the exit status. Raises ConfigurationError."""
    catalog, drivers, status = find_catalog(), Drivers(), EXIT_DONE
    platforms = [catalog.platform(name) for name in once(arguments.platform) or catalog.platform_names()]
    for platform in platforms:
        remains = drivers.remains(platform)
        if remains is None:
            if arguments.platform:
                raise ConfigurationError(
                    f"{platform.name}: driver {platform.driver} leaves nothing behind; only "
                    "virtual machines are kept from run to run"
                )
            continue
        if not remains.exists:
            continue
        try:
            said = remains.destroy()
        except PlatformError as error:
            said, status = str(error), EXIT_FAILED
        console_for_reports().print(Text(f"{platform.name}: {first_line(said)}"), soft_wrap=True)
    return status
