"""`anyunix list`: the platforms, subjects and probes there are."""

import argparse

from rich.text import Text

from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.probes import read_probes
from anyunix.commands.common import add_probes, console_for_reports
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError
from anyunix.run.own_probes import with_probes


def add_arguments(listing: argparse.ArgumentParser) -> None:
    """Add the arguments of `list`."""
    listing.add_argument("what", choices=("platforms", "subjects", "probes"))
    listing.add_argument(
        "name",
        nargs="*",
        metavar="PLATFORM",
        help="only these platforms: names, files or addresses such as ssh://user@host:port",
    )
    add_probes(listing)
    listing.set_defaults(command=list_command)


def list_command(arguments: argparse.Namespace) -> int:
    """Print what was asked for; the exit status. Raises ConfigurationError."""
    catalog, console = find_catalog(), console_for_reports()
    if arguments.name and arguments.what != "platforms":
        raise ConfigurationError(f"list {arguments.what} shows them all; only platforms can be named")
    if arguments.probes and arguments.what != "probes":
        raise ConfigurationError(f"list {arguments.what}: --probes is for `anyunix list probes`")
    if arguments.what == "platforms":
        drivers = Drivers()
        for platform in map(catalog.platform, arguments.name or catalog.usual_order()):
            reason = drivers.for_platform(platform).available()
            console.print(Text(f"{platform.name:<16} {platform.driver:<10} {platform.title}"), soft_wrap=True)
            if platform.emulates:
                console.print(Text(f"{'':27} emulates {platform.emulates}", "dim"), soft_wrap=True)
            if not platform.default:
                emulated = f"its CPU is emulated ({platform.emulator}); " if platform.emulator else ""
                console.print(
                    Text(f"{'':27} {emulated}runs only when asked for: --platform {platform.name}", "dim"),
                    soft_wrap=True,
                )
            if reason:
                console.print(Text(f"{'':27} not available: {reason}", "yellow"), soft_wrap=True)
    elif arguments.what == "subjects":
        for subject in map(catalog.subject, catalog.subject_names()):
            console.print(
                Text(f"{subject.name:<16} {subject.title} (bind: {', '.join(subject.binds)})"), soft_wrap=True
            )
    else:
        with with_probes(catalog, arguments.probes) as found:
            for probe in read_probes(found.suite):
                console.print(Text(f"{probe.kind:<9} {probe.id}\n{'':10}{probe.behaviour}"), soft_wrap=True)
    return 0
