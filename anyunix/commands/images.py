"""`anyunix images`: base images made from package mirrors, listed, removed."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.text import Text

from anyunix.catalog import find_catalog
from anyunix.commands.common import console_for_reports, usual_order
from anyunix.drivers.engine import Engine
from anyunix.errors import PlatformError
from anyunix.images import debian
from anyunix.images.store import Base, Store, bases, choose
from anyunix.verdict import EXIT_NOT_RUN

EXIT_DONE, EXIT_FAILED = 0, 1
STATES = {"missing": "not here", "made": "here, made by anyunix", "foreign": "here"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `images` and its arguments."""
    images = commands.add_parser(
        "images", help="make the base images from package mirrors, where no image registry is reached",
        epilog="Exit status: 0 done, 1 an image could not be made or removed, 2 usage or configuration error, "
               "3 no Docker engine answers.")
    images.add_argument("what", choices=("build", "list", "remove"))
    images.add_argument("name", nargs="*", metavar="NAME",
                        help="a base image or a platform that needs it (default: all)")
    images.set_defaults(command=images_command)


def images_command(arguments: argparse.Namespace) -> int:
    """Do what was asked for; the exit status. Raises ConfigurationError."""
    catalog = find_catalog()
    chosen = choose(arguments.name, bases([catalog.platform(name) for name in usual_order(catalog)]))
    engine = Engine()
    if reason := engine.available():
        print(f"anyunix: {reason}", file=sys.stderr)
        return EXIT_NOT_RUN
    store = Store(engine.client())
    if arguments.what == "list":
        return _list(store, chosen)
    if arguments.what == "remove":
        return _remove(store, chosen, named=bool(arguments.name))
    failed = [base.name for base in chosen if not _built(store, base)]
    return EXIT_FAILED if failed else EXIT_DONE


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


def _built(store: Store, base: Base) -> bool:
    """Make one base image unless it is here; whether it is here now."""
    state = store.state(base.name)
    if state != "missing":
        print(f"{base.name}: {STATES[state]} already: left as it is")
        return True
    begun = time.monotonic()
    try:
        _make(store, base)
    except PlatformError as error:
        print(f"anyunix: {base.name} is not made: {error}", file=sys.stderr)
        return False
    print(f"{base.name}: made in {time.monotonic() - begun:.0f} s, for {', '.join(base.platforms)}", flush=True)
    return True


def _make(store: Store, base: Base) -> None:
    """Raises PlatformError."""
    if debian.suite_of(base) is None:
        raise PlatformError("only Debian images are made: no mirror of another system's packages is used, and musl's "
                            "Python would have to be compiled; import a root file system with "
                            f"`docker import --platform {base.cpu} FILE {base.name}`")
    if reason := debian.missing():
        raise PlatformError(reason)
    with tempfile.TemporaryDirectory(prefix="anyunix-images-") as name:
        archive = Path(name) / "root.tar"
        debian.make_debian(base, archive, lambda line: print(line, file=sys.stderr, flush=True))
        store.put(archive, base)
