"""Platforms: what every one has, beside the options of its driver."""

from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from anyunix.catalog.difference import Difference, System
from anyunix.drivers.options import DriverOptions
from anyunix.results.model import Documented
from anyunix.text import Text, Word

Limits = Annotated[
    dict[Word, Text],
    Meta(description="contracts whose outcome is the emulator's, not the subject's: probe ID and reason"),
]
DocumentedKeys = Annotated[Documented, Meta(title="the keys value and source (a text), and no other")]


@dataclass(frozen=True)
class Platform:
    """An environment that code runs in, and how it is reached.

    But for its name, its options and what is looked up, its fields are the keys that every platform file may have.
    """

    name: str
    title: Annotated[Text, Meta(description="what reports call it")]
    options: DriverOptions
    """How it is reached and made, and what it can do: its driver's."""
    emulates: Annotated[
        Text, Meta(description="what of another system is imitated here; left out for a platform that is itself")
    ] = ""
    emulator: Annotated[
        Text, Meta(description="what imitates the CPU, such as qemu-user; left out where the CPU is real")
    ] = ""
    emulator_limits: Limits = field(default_factory=dict)
    default: Annotated[
        bool, Meta(description="whether a run that names no platform has this one in it (default: true)")
    ] = True
    last_run: Annotated[
        Text, Meta(description="when the suite last ran here, and which anyunix's: `anyunix report --stamp` writes it")
    ] = ""
    slowness: Annotated[int, Meta(ge=1, description="what time limits are multiplied by here (default: 1)")] = 1
    cross: Annotated[
        Word,
        Meta(
            description="what a C subject is built for where the platform has no compiler: x86_64-freebsd, "
            "aarch64-linux-gnu, or native for this machine"
        ),
    ] = ""
    documented: Annotated[
        dict[Word, DocumentedKeys],
        Meta(
            title="fact names, each with its value and source",
            description="facts that manuals state: shown where the platform did not run, checked where it did",
        ),
    ] = field(default_factory=dict)

    like: Annotated[
        System | None,
        Meta(description="a system: all differences that are known of it are switched on here, as far as they can be"),
    ] = None
    differences: Annotated[
        tuple[Word, ...], Meta(description="differences that are switched on here, by name, beside those of `like`")
    ] = ()
    switched_on: tuple[Difference, ...] = ()
    """The differences of `like` and `differences`, looked up."""
    native: bool = False
    """Whether the CPU that its file has emulated is real where it runs."""
    machine: str = ""
    """What stays up of it between two cells is kept under this name; empty for its own. Platforms have one in common
    when nothing but what is done to the server tells them apart."""

    @property
    def base(self) -> str:
        """The name of the platform that it is with differences switched on: `debian` of `debian+like-freebsd`."""
        return self.name.partition("+")[0]

    @property
    def driver(self) -> str:
        """Its driver's name, for people and for matrix.json: what the driver can do is asked of `options`."""
        return self.options.name
