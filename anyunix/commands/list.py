"""`anyunix list`: the platforms, subjects and probes there are, and the workers of a cluster."""

import argparse
from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.probes import read_probes
from anyunix.commands.cluster_options import add_cluster, workers_of
from anyunix.commands.common import add_json, add_probes, console_for_reports
from anyunix.drivers.registry import Drivers
from anyunix.errors import EXIT_DONE, ConfigurationError
from anyunix.report import json_output, listing_lines


def add_arguments(listing: argparse.ArgumentParser) -> None:
    """Add the arguments of `list`."""
    listing.add_argument("what", choices=("platforms", "subjects", "probes", "workers"))
    listing.add_argument(
        "name",
        nargs="*",
        metavar="PLATFORM",
        help="only these platforms: names, files or addresses such as ssh://user@host:port",
    )
    add_cluster(listing, "for `list workers`: the scheduler whose workers are shown, tcp://name:8786")
    add_probes(listing)
    add_json(listing)
    listing.set_defaults(command=list_command)


def list_command(arguments: argparse.Namespace) -> int:
    """Print what was asked for; the exit status. Raises ConfigurationError."""
    catalog, console = find_catalog(), console_for_reports()
    if arguments.name and arguments.what != "platforms":
        raise ConfigurationError(f"list {arguments.what} shows them all; only platforms can be named")
    if arguments.probes and arguments.what != "probes":
        raise ConfigurationError(f"list {arguments.what}: --probes is for `anyunix list probes`")
    if bool(arguments.cluster) is not (arguments.what == "workers"):
        raise ConfigurationError("list workers --cluster ADDRESS shows a scheduler's workers: neither goes alone")
    entries = _entries(arguments, catalog)
    if arguments.data:
        print(json_output.entries_of(arguments.what, entries))
        return EXIT_DONE
    shown = []
    for entry in entries:
        shown.append(entry)
        for line in _lines(arguments.what, entry, console.width):
            console.print(line, soft_wrap=not console.is_terminal)
    for line in listing_lines.engine_lines(shown) if arguments.what == "platforms" else ():
        console.print(line, soft_wrap=not console.is_terminal)
    return EXIT_DONE


def _entries(arguments: argparse.Namespace, catalog: Catalog) -> Iterator[dict[str, Any]]:
    if arguments.what == "platforms":
        drivers = Drivers()
        for platform in map(catalog.platform, arguments.name or catalog.usual_order()):
            reason = drivers.for_platform(platform).available()
            yield listing_lines.platform_data(platform, reason, "" if reason else drivers.through(platform))
    elif arguments.what == "subjects":
        yield from map(listing_lines.subject_data, map(catalog.subject, catalog.subject_names()))
    elif arguments.what == "workers":
        yield from workers_of(arguments, catalog)
    else:
        from anyunix.run.own_probes import with_probes  # here, and not above: all that runs anything comes with it

        with with_probes(catalog, arguments.probes) as found:
            yield from listing_lines.probe_data(read_probes(found.suite))


def _lines(what: str, entry: dict[str, Any], width: int) -> Iterable[Text]:
    if what == "platforms":
        return listing_lines.platform_lines(entry, width)
    if what == "workers":
        return listing_lines.worker_lines(entry)
    return [listing_lines.subject_line(entry) if what == "subjects" else listing_lines.probe_line(entry)]
