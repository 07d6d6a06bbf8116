"""tox environments that tox.ini does not list: one for each platform file that cells can run on, by its name."""

import re
from collections.abc import Iterable
from pathlib import Path

from tox.config.loader.memory import MemoryLoader
from tox.config.sets import ConfigSet
from tox.plugin import impl
from tox.session.state import State

DRIVER = re.compile(r"^driver: *(\w+)", re.MULTILINE)
"""Not in a file that extends another one: then it is run as most are."""
BASES = {"vagrant": ["virtual-machine", "testenv"]}
"""Driver -> the sections of tox.ini that say how its platforms are run; else testenv alone."""


def drivers() -> dict[str, str]:
    """Platform -> its driver, without those that are known from their manuals only."""
    files = sorted((Path(__file__).parent / "platforms").glob("*.yaml"))
    found = {file.stem: DRIVER.search(file.read_text(encoding="utf-8")) for file in files}
    named = {name: driver[1] if driver else "" for name, driver in found.items()}
    return {name: driver for name, driver in named.items() if driver != "documented"}


@impl(optionalhook=True)  # older ones first install the tox that tox.ini requires
def tox_extend_envs() -> Iterable[str]:
    return list(drivers())


@impl
def tox_add_core_config(core_conf: ConfigSet, state: State) -> None:
    for name, driver in drivers().items():
        if driver in BASES:
            state.conf.memory_seed_loaders[name].append(MemoryLoader(base=BASES[driver]))
