"""`anyunix images`: base images made from package mirrors, listed, removed."""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import console_for_reports
from anyunix.drivers.docker.engine import Engine
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN, PlatformError
from anyunix.host.scratch import scratch
from anyunix.images import alpine, debian
from anyunix.images.store import Base, Store, bases, choose

RECIPE = Path("Dockerfiles") / "base" / "alpine.Dockerfile"
STATES = {"missing": "not here", "made": "here, made by anyunix", "foreign": "here"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `images` and its arguments."""
    images = commands.add_parser(
        "images",
        help="make the base images from package mirrors, where no image registry is reached",
        epilog="Exit status: 0 done, 1 an image could not be made or removed, 2 usage or configuration error, "
        "3 no Docker engine answers.",
    )
    images.add_argument("what", choices=("build", "list", "remove"))
    images.add_argument(
        "name", nargs="*", metavar="NAME", help="a base image or a platform that needs it (default: all)"
    )
    images.set_defaults(command=images_command)


def images_command(arguments: argparse.Namespace) -> int:
    """Do what was asked for; the exit status. Raises ConfigurationError."""
    catalog = find_catalog()
    known = bases([catalog.platform(name) for name in catalog.usual_order()])
    chosen = choose(arguments.name, known)
    engine = Engine()
    if reason := engine.available():
        print(f"anyunix: {reason}", file=sys.stderr)
        return EXIT_NOT_RUN
    store = Store(engine.client())
    if arguments.what == "list":
        return _list(store, chosen)
    if arguments.what == "remove":
        return _remove(store, chosen, named=bool(arguments.name))
    maker = Maker(engine.client(), store, catalog.root / RECIPE)
    failed = [base.name for base in _in_order(store, chosen, known) if not _built(store, base, maker)]
    return EXIT_FAILED if failed else EXIT_DONE


def _in_order(store: Store, chosen: list[Base], known: list[Base]) -> list[Base]:
    """What the others are built on comes first, also where it was not asked for and is missing."""
    first = [
        base
        for base in known
        if base.name == alpine.BUILT_ON
        and any(map(alpine.is_alpine, chosen))
        and (base in chosen or store.state(base.name) == "missing")
    ]
    return [*first, *(base for base in chosen if base not in first)]


def _list(store: Store, chosen: list[Base]) -> int:
    console = console_for_reports()
    for base in chosen:
        line = f"{base.name:<29} {base.cpu:<14} {STATES[store.state(base.name)]:<22} for {', '.join(base.platforms)}"
        console.print(Text(line), soft_wrap=True)
    return EXIT_DONE


def _remove(store: Store, chosen: list[Base], *, named: bool) -> int:
    """What was named has to be of this program's making; without names, only what is goes."""
    for base in chosen:
        state = store.state(base.name)
        if state == "made" or (named and state == "foreign"):
            store.remove(base.name)
            print(f"{base.name}: removed")
        elif named:
            print(f"{base.name}: not here")
    return EXIT_DONE


def _built(store: Store, base: Base, maker: "Maker") -> bool:
    """Make one base image unless it is here; whether it is here now."""
    state = store.state(base.name)
    if state != "missing":
        print(f"{base.name}: {STATES[state]} already: left as it is")
        return True
    begun = time.monotonic()
    try:
        maker.make(base)
    except PlatformError as error:
        print(f"anyunix: {base.name} is not made: {error}", file=sys.stderr)
        return False
    print(f"{base.name}: made in {time.monotonic() - begun:.0f} s, for {', '.join(base.platforms)}", flush=True)
    return True


@dataclass(frozen=True)
class Maker:
    """Makes base images for one engine."""

    client: Any
    store: Store
    alpine_recipe: Path

    def make(self, base: Base) -> None:
        """Make one that is missing. Raises PlatformError."""
        if alpine.is_alpine(base):
            alpine.make_alpine(self.client, self.store, self.alpine_recipe, _say)
        elif debian.suite_of(base) is not None:
            self._debian(base)
        else:
            raise PlatformError(
                f"only Debian images and {alpine.NAME} for {alpine.CPU} are made; import a root file "
                f"system with `docker import --platform {base.cpu} FILE {base.name}`"
            )

    def _debian(self, base: Base) -> None:
        if reason := debian.missing():
            raise PlatformError(reason)
        with scratch() as folder:
            archive = folder / "root.tar"
            debian.make_debian(base, archive, _say)
            self.store.put(archive, base)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
