"""The virtual machines of a run, one a platform, whoever asks for them."""

import threading
from collections.abc import Mapping
from pathlib import Path

from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.vagrant.box import overridden
from anyunix.drivers.vagrant.machine import Machine


class Machines:
    """Safe to use from the threads of many cells."""

    def __init__(self, environment: Mapping[str, str], *, fresh: bool = False) -> None:
        """`environment` may name other boxes (anyunix/box.py); with `fresh` machines that are there are made anew."""
        self._environment, self._fresh = environment, fresh
        self._lock = threading.Lock()
        self._made: dict[str, Machine] = {}

    def of(self, platform: Platform) -> Machine:
        """The machine of a platform with driver vagrant."""
        assert platform.box is not None, "the catalog asks for it"
        with self._lock:
            if platform.name not in self._made:
                box = overridden(platform.box, platform.name, self._environment)
                self._made[platform.name] = Machine(
                    platform.name,
                    box,
                    find_catalog().root / "Vagrantfile",
                    state_folder(self._environment),
                    fresh=self._fresh,
                )
            return self._made[platform.name]


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where Vagrant keeps what it knows of the machines, from run to run (XDG base directories)."""
    base = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base, "anyunix", "vagrant")
