"""What runs of anyunix made in a Docker engine: whose it is, and which of it nobody needs any more."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker.errors

from anyunix.drivers.docker.execution import ENGINE_ERRORS
from anyunix.host.owner import is_alive, own, parse

OWNER_LABEL = "io.anyunix.host.owner"
DEADLINE_LABEL = "io.anyunix.deadline"
LIFE_SECONDS = 3600
"""How long something stays for which nobody here can tell whether its owner lives, unless it is seen to be in use."""
LONGEST_SECONDS = 24 * 3600
"""How long it stays then."""
REMOVE_SECONDS = 30


@dataclass(frozen=True)
class Thing:
    """A container or a network."""

    kind: str
    name: str
    key: str
    labels: Mapping[str, str]
    runs: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def in_use(self, api: Any) -> bool:
        """A container that runs, a network with containers in it."""
        return self.runs or (self.kind == "network" and bool(api.inspect_network(self.key)["Containers"]))

    def remove(self, api: Any) -> None:
        if self.kind == "network":
            api.remove_network(self.key)
        else:
            remove_container(api, self.key)


def labels() -> dict[str, str]:
    """For what this process makes."""
    return {OWNER_LABEL: str(own()), DEADLINE_LABEL: str(int(time.time()) + LIFE_SECONDS)}


def remove_left_behind(api: Any) -> list[str]:
    """Remove what belongs to runs that are dead; the names of what was removed."""
    return _removed(api, is_left_behind)


def remove_own(api: Any) -> list[str]:
    """Remove what belongs to this process; the names of what is there still. Raises what is in ENGINE_ERRORS."""
    _removed(api, _is_own)
    return [str(thing) for thing in things(api) if _is_own(api, thing)]


def remove_container(api: Any, container: str) -> None:
    """Kill and remove a container; it is gone when this returns. Raises what is in ENGINE_ERRORS."""
    with suppress(docker.errors.NotFound):
        with suppress(docker.errors.APIError):  # the engine is at it already, because the container ended
            api.remove_container(container, force=True, v=True)
        api.wait(container, timeout=REMOVE_SECONDS, condition="removed")


def _removed(api: Any, which: Callable[[Any, Thing], bool]) -> list[str]:
    removed = []
    with suppress(*ENGINE_ERRORS):
        for thing in things(api):
            with suppress(*ENGINE_ERRORS):
                if which(api, thing):
                    thing.remove(api)
                    removed.append(str(thing))
    return removed


def things(api: Any) -> Iterator[Thing]:
    """Containers first: a network is only free without them."""
    for found in api.containers(all=True, filters={"label": OWNER_LABEL}):
        yield Thing(
            "container",
            found["Names"][0].lstrip("/") if found["Names"] else found["Id"],
            found["Id"],
            found["Labels"],
            found["State"] in ("running", "paused"),
        )
    for found in api.networks(filters={"label": OWNER_LABEL}):
        yield Thing("network", found["Name"], found["Id"], found["Labels"])


def _is_own(api: Any, thing: Thing) -> bool:
    return thing.labels[OWNER_LABEL] == str(own())


def is_left_behind(api: Any, thing: Thing) -> bool:
    """A container runs only as long as its run lives, which holds its stdin; so what is in use is needed, unless that
    holds for longer than any run. Owners of earlier versions held none: theirs is what a deadline says.
    """
    owner, deadline = parse(thing.labels[OWNER_LABEL]), thing.labels.get(DEADLINE_LABEL, "0")
    if owner is not None and (alive := is_alive(owner)) is not None:
        return not alive
    over = time.time() - int(deadline) if deadline.isdecimal() and len(deadline) < 20 else LONGEST_SECONDS
    return over > LONGEST_SECONDS or (over >= 0 and (owner is None or not thing.in_use(api)))
