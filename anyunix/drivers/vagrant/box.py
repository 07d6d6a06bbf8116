"""What a virtual machine is made from, as its platform file says; the Vagrantfile reads the same keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Provider = Literal["libvirt", "virtualbox"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)


@dataclass(frozen=True)
class Box:
    """What Vagrant makes a machine from."""

    name: str
    """Of a box that is known to Vagrant or can be downloaded, or a box file."""
    version: str = ""
    url: str = ""
    hint: str = ""
    """How a box that nobody offers for download is made."""
    providers: tuple[Provider, ...] = PROVIDERS
    """Those that it fits, the best first."""

    @property
    def is_file(self) -> bool:
        return Path(self.name).is_file()


def variable(key: str, platform: str) -> str:
    """The environment variable that overrides a key for a platform: `ANYUNIX_BOX_FREEBSD`."""
    name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in platform.upper())
    return f"ANYUNIX_{key}_{name}"


def variables(platform: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Those of them that are set for a platform."""
    names = (variable(key, platform) for key in ("BOX", "BOX_VERSION", "BOX_URL"))
    return {name: environment[name] for name in names if name in environment}


def overridden(box: Box, platform: str, environment: Mapping[str, str]) -> Box:
    """The box with what the environment says instead; another box has none of the file's version and hint."""
    name = environment.get(variable("BOX", platform))
    version, url = (environment.get(variable(key, platform)) for key in ("BOX_VERSION", "BOX_URL"))
    if not name:
        return Box(box.name, version or box.version, url or box.url, box.hint, box.providers)
    return Box(name, version or "", url or "", "", box.providers)
