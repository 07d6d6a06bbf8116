"""What a platform file says to its driver, one typed value per driver, and what everybody else may ask of it."""

import threading
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Protocol, TypeVar

import msgspec

from anyunix.drivers.base import Driver, Progress
from anyunix.text import Word

T = TypeVar("T")
SHOWN = 60
"""Characters of a value that an error repeats."""


class BadOption(Exception):
    """A value that no platform can have: the key, and the reason as the end of a sentence."""

    def __init__(self, key: str, reason: str, *, word: str = "", known: Iterable[str] = ()) -> None:
        """`word` is what was found in place of one of the `known` words, for whoever names the nearest."""
        super().__init__(f"{key}: {reason}")
        self.key, self.reason, self.word, self.known = key, reason, word, tuple(known)


@dataclass(frozen=True)
class Folders:
    """Where files that a platform file names may lie."""

    beside: Path
    """The platform file's own folder."""
    project: Path
    """The one with the project's platforms/ and Dockerfiles/."""


class Shared:
    """What the cells of a run share, the Docker engine for one: one of each class, made when it is first asked for.

    Safe to use from many threads.
    """

    def __init__(self, *made: object) -> None:
        """`made` are there already; all others are made without arguments."""
        self._made: dict[type, object] = {type(each): each for each in made}
        self._lock = threading.Lock()

    def one(self, kind: type[T]) -> T:
        with self._lock:
            if kind not in self._made:
                self._made[kind] = kind()
            found = self._made[kind]
        assert isinstance(found, kind)
        return found


class Place(Protocol):
    """What a driver is made for: a platform."""

    @property
    def name(self) -> str: ...

    @property
    def emulator(self) -> str:
        """What imitates its CPU; empty where that is real."""

    @property
    def options(self) -> "DriverOptions": ...


class Remains(Protocol):
    """What a driver leaves up for the next run."""

    @property
    def exists(self) -> bool: ...

    def destroy(self) -> str:
        """End it; what is to be said of that. Raises PlatformError."""


class PlatformImage(Protocol):
    """What a platform is made from, where that can go from one machine to another. Methods raise PlatformError."""

    def base(self) -> str:
        """What its own base is here; empty where it is not here."""

    def find(self) -> str:
        """Its name, where it is here already; else empty. Nothing is made, and no registry is asked."""

    def make(self, say: Progress) -> str:
        """Its name, once it is here."""

    def save(self, file: Path) -> None:
        """Write it, with its base, into a file."""

    def load(self, file: Path, tag: str) -> None:
        """Take it, by this name, and its base from a file. Input is untrusted."""


class DriverOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="driver"):
    """The keys of a platform file that are for its driver alone, and what the driver can do.

    Whoever has to know how one driver differs from another asks here, and never for its name.
    """

    is_this_machine: ClassVar[bool] = False
    """Whether its commands run on this machine: what is built here runs there, the user's variables are known."""
    own_network: ClassVar[bool] = False
    """Whether each cell has ports of its own, which nobody else takes."""
    runs: ClassVar[bool] = True
    """Whether cells can run there at all."""
    starts: ClassVar[str] = ""
    """What has to be started first, where that takes so long that it is done when asked for only."""

    def driver(self, place: Place, shared: Shared) -> Driver:
        """The driver for one cell on a platform with these options."""
        raise NotImplementedError

    def checked(self, folders: Folders) -> "DriverOptions":
        """The same with the files that it names found. Raises BadOption."""
        return self

    def overridden(self, place: str, environment: Mapping[str, str]) -> Mapping[str, str]:
        """The variables with which the user has other options than these for the platform of that name."""
        return {}

    def remains(self, place: Place, shared: Shared) -> Remains | None:
        """What runs leave up for the next one; None for nothing."""
        return None

    def portable_image(self, shared: Shared) -> PlatformImage | None:
        """What its cells are made from; None where that is nothing that can be sent."""
        return None

    def through(self, shared: Shared) -> str:
        """What runs its cells, where that is not this machine or another one itself: a container engine and where it
        is. Empty for nothing, or where it does not answer.
        """
        return ""

    @property
    def name(self) -> str:
        """The driver's, for people: no code depends on it."""
        return str(self.__struct_config__.tag)

    @property
    def out_of_memory(self) -> str:
        """What to say where the kernel killed a process of the cell: `killed by the memory limit of 2 GiB`.

        Empty where the kernel counts others' processes, too.
        """
        return ""

    @property
    def base_image(self) -> tuple[str, str] | None:
        """The image in the Docker engine that it is made from, and its CPU as Docker calls it."""
        return None

    @property
    def image_key(self) -> Hashable:
        """Equal for two with the same image; None for none that can be sent."""
        return None

    @property
    def altered(self) -> bool:
        """Whether it is made to behave as another system does."""
        return False

    @property
    def origin(self) -> Hashable:
        """Equal for two that differ by that alone. None: nothing is nearer than this machine as it is."""
        return None


class AlteringOptions(DriverOptions, frozen=True):
    """Of a driver that can change what it runs on, without harm to the machine."""

    sysctls: Annotated[dict[Word, Word], msgspec.Meta(description="kernel parameters that are set: name -> value")] = (
        msgspec.field(default_factory=dict)
    )
    files: Annotated[
        dict[Word, Word], msgspec.Meta(description="files put over what the platform has: absolute path -> content")
    ] = msgspec.field(default_factory=dict)

    def checked(self, folders: Folders) -> "DriverOptions":
        for path in self.files:
            if not path.startswith("/") or ".." in path.split("/"):
                raise BadOption(f"files.{path}", "expected an absolute path, without .. in it")
        return self

    @property
    def altered(self) -> bool:
        return bool(self.sysctls or self.files)
