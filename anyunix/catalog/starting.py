"""How a server is started, where that is not by a command that stays in front."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from anyunix.text import Word

Activation = Literal["none", "systemd", "inetd-nowait", "inetd-wait"]
ACTIVATIONS = get_args(Activation)
PORTS = 65_536
READY = ("line", "port", "file")
NonEmpty = Annotated[str, Meta(min_length=1)]


@dataclass(frozen=True)
class Ready:
    """How it is known that the server listens."""

    how: Literal["line", "port", "file"]
    what: str = ""
    """The line's pattern, or the file's path; empty for a port."""

    @property
    def names_addresses(self) -> bool:
        """Whether the line holds the addresses bound, so that the server may choose its port itself."""
        return self.how == "line" and "addresses" in re.compile(self.what).groupindex

    def described(self) -> dict[str, Any]:
        """As JSON for the suite."""
        return {"how": self.how, "what": self.what, "names_addresses": self.names_addresses}


@dataclass(frozen=True)
class Companion:
    """A command that is started before the server, and ends with it."""

    start: tuple[str, ...]
    ready: Ready | None = None
    """None: nothing is waited for."""


@dataclass(frozen=True)
class Starting:
    """What is special about a server's start (suite/support/subject.py reads it)."""

    daemon: bool = False
    pid_file: str = ""
    activation: Activation = "none"
    port: int = 0
    """The only one that it can have; 0 for any."""
    user: str = ""
    syslog: bool = False
    also: tuple[Companion, ...] = ()

    def described(self) -> dict[str, Any]:
        """As JSON for the suite."""
        return {
            "daemon": self.daemon,
            "pid_file": self.pid_file,
            "activation": "" if self.activation == "none" else self.activation,
            "port": self.port,
            "user": self.user,
            "syslog": self.syslog,
            "also": [
                {"start": each.start, "ready": each.ready.described() if each.ready else None} for each in self.also
            ],
        }


class ReadyKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """How it is known that the server listens, by one of these."""

    line: Annotated[NonEmpty | UnsetType, Meta(description="regular expression for a line on its stdout")] = UNSET
    port: Annotated[
        bool | UnsetType, Meta(title="true", description="its port answers", extra_json_schema={"enum": [True]})
    ] = UNSET
    file: Annotated[NonEmpty | UnsetType, Meta(description="a file that it writes, such as {work}/ready")] = UNSET


class CompanionKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """A command that is started before the server."""

    start: Annotated[tuple[Word, ...], Meta(description="the command, with the words in braces of `start`")]
    file: Annotated[str, Meta(description="a file that it has written, or made, when the next one may start")] = ""


def ready_of(said: str | ReadyKeys) -> Ready:
    """From what stands in the file."""
    if isinstance(said, str):
        return Ready("line", said)
    if said.file:
        return Ready("file", said.file)
    return Ready("line", said.line) if said.line else Ready("port")


def companions_of(said: Sequence[CompanionKeys]) -> tuple[Companion, ...]:
    """From what stands in the file."""
    return tuple(Companion(each.start, Ready("file", each.file) if each.file else None) for each in said)


def one_command(said: Sequence[str | tuple[str, ...]]) -> tuple[str, ...]:
    """A list of commands as one, each run where the one before it succeeded; a command as it is."""
    commands = [shlex.join(each) for each in said if not isinstance(each, str)]
    if not commands:
        return tuple(each for each in said if isinstance(each, str))
    return ("sh", "-e", "-c", "\n".join(commands))


def start_complaints(
    starting: Starting, ready: Ready, transport: str, protocol: str | None
) -> Iterator[tuple[str, str]]:
    """What no type can say of the keys of a start: the key, and what is wrong with it; the first first."""
    if starting.pid_file and not starting.daemon:
        yield "pid_file", "expected daemon: true beside it; of a server in front it is known who it is"
    if starting.activation != "none":
        if starting.daemon:
            yield "activation", "expected no daemon: true beside it"
        if ready.names_addresses or (ready.how != "port" and starting.activation != "systemd"):
            yield "ready", f"expected {{port: true}} with activation: {starting.activation}"
        if starting.activation == "inetd-nowait" and transport == "udp":
            yield "activation", "inetd-nowait accepts connections, and UDP has none; expected inetd-wait"
    if protocol and (starting.daemon or starting.activation != "none"):
        yield "protocol", "expected none with daemon or activation: its probes look at a server in front"
    if not 0 <= starting.port < PORTS:
        yield "port", f"expected a port up to {PORTS - 1}, found {starting.port}"
    if starting.port and transport == "unix":
        yield "port", "expected none with transport: unix"
    if starting.syslog and starting.user:
        yield "syslog", "expected no user beside it, who may not mount"
    for number, each in enumerate(starting.also, 1):
        if not each.start:
            yield "also", f"entry {number}: start: expected a command"
