"""The virtual machines of a run, one per platform, shared by all cells."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from anyunix.drivers.vagrant.box import Box, overridden
from anyunix.drivers.vagrant.machine import Machine
from anyunix.host.installed import data_folder


class Machines:
    """Safe to use from the threads of many cells."""

    def __init__(self, environment: Mapping[str, str] = os.environ, *, fresh: bool = False) -> None:
        """`environment` may name other boxes (box.py); with `fresh` machines that are there are made anew."""
        self._environment, self._fresh = environment, fresh
        self._lock = threading.Lock()
        self._made: dict[str, Machine] = {}

    def of(self, platform: str, box: Box) -> Machine:
        """The machine of a platform, made from the box, or from the one that the environment names instead."""
        with self._lock:
            if platform not in self._made:
                self._made[platform] = Machine(
                    platform,
                    overridden(box, platform, self._environment),
                    data_folder() / "Vagrantfile",
                    state_folder(self._environment),
                    fresh=self._fresh,
                )
            return self._made[platform]


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where Vagrant keeps what it knows of the machines, from run to run (XDG base directories)."""
    base = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base, "anyunix", "vagrant")
