"""`anyunix images`: base images made from package mirrors, listed, removed."""

import argparse
import sys

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import console_for_reports
from anyunix.drivers.docker.engine import Engine
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN
from anyunix.images.image_tasks import RECIPE, Maker, build_images, can_be_made, list_images, remove_images
from anyunix.images.store import Store, bases, choose


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `images`."""
    parser.epilog = (
        "Exit status: 0 done, 1 an image could not be made or removed, 2 usage or configuration error, "
        "3 no Docker engine answers."
    )
    parser.add_argument("what", choices=("build", "list", "remove"))
    parser.add_argument(
        "name",
        nargs="*",
        metavar="NAME",
        help="a base image or a platform that needs it (default: all; to build, those that can be made)",
    )
    parser.set_defaults(command=images_command)


def images_command(arguments: argparse.Namespace) -> int:
    """Do what was asked for; the exit status. Raises ConfigurationError."""
    catalog = find_catalog()
    known = bases([catalog.platform(name) for name in catalog.usual_order()])
    chosen = choose(arguments.name, known)
    if arguments.what == "build" and not arguments.name:
        chosen = [base for base in chosen if can_be_made(base)]
    engine = Engine()
    if reason := engine.available():
        print(f"anyunix: {reason}", file=sys.stderr)
        return EXIT_NOT_RUN
    store = Store(engine.client())
    if arguments.what == "list":
        list_images(store, chosen, console_for_reports())
    elif arguments.what == "remove":
        remove_images(store, chosen, named=bool(arguments.name))
    elif not build_images(Maker(engine.client(), store, catalog.root / RECIPE), chosen, known):
        return EXIT_FAILED
    return EXIT_DONE
