"""What `anyunix images` does: make base images that are missing, list them, remove those that it made."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from anyunix.errors import PlatformError
from anyunix.host.scratch import scratch
from anyunix.images import alpine, debian
from anyunix.images.store import Base, Store

RECIPE = Path("Dockerfiles") / "base" / "alpine.Dockerfile"
STATES = {"missing": "not here", "made": "here, made by anyunix", "foreign": "here"}


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


def can_be_made(base: Base) -> bool:
    """Whether there is a way to make it from package mirrors."""
    return alpine.is_alpine(base) or debian.suite_of(base) is not None


def list_images(store: Store, chosen: Sequence[Base], console: Console) -> None:
    """One line per image. Raises PlatformError."""
    for base in chosen:
        line = f"{base.name:<29} {base.cpu:<14} {STATES[store.state(base.name)]:<22} for {', '.join(base.platforms)}"
        console.print(Text(line), soft_wrap=True)


def remove_images(store: Store, chosen: Sequence[Base], *, named: bool) -> None:
    """Remove what anyunix made; of images that were named, each has to be such a one.

    Raises ConfigurationError, PlatformError.
    """
    for base in chosen:
        state = store.state(base.name)
        if state == "made" or (named and state == "foreign"):
            store.remove(base.name)
            print(f"{base.name}: removed")
        elif named:
            print(f"{base.name}: not here")


def build_images(maker: Maker, chosen: Sequence[Base], known: Sequence[Base]) -> bool:
    """Make those that are missing; whether all of them are here now. Raises PlatformError."""
    here = [_built(maker, base) for base in _in_order(maker.store, chosen, known)]  # the others are made if one fails
    return all(here)


def _in_order(store: Store, chosen: Sequence[Base], known: Sequence[Base]) -> list[Base]:
    """What others are built on comes first, even where it was not asked for and is missing."""
    first = [
        base
        for base in known
        if base.name == alpine.BUILT_ON
        and any(map(alpine.is_alpine, chosen))
        and (base in chosen or store.state(base.name) == "missing")
    ]
    return [*first, *(base for base in chosen if base not in first)]


def _built(maker: Maker, base: Base) -> bool:
    """Make one base image unless it is here; whether it is here now."""
    state = maker.store.state(base.name)
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


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
