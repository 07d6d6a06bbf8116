"""The subject under test, as the payload describes it."""

import json
import os
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

SUBJECT_VARIABLE = "ANYUNIX_SUBJECT"
BIND_VARIABLE = "ANYUNIX_BIND"


Promises = dict[str, bool | str]
"""Promise -> what is promised; false for nothing (anyunix/subject.py has them all)."""


@dataclass(frozen=True)
class Ready:
    """How it is known that the server listens."""

    how: str
    """`line` on stdout, `port` that answers, `file` that exists."""
    what: str = ""
    """Regular expression for the line, path of the file."""
    names_addresses: bool = False
    """Whether the line's group `addresses` holds `address:port` words."""


@dataclass(frozen=True)
class Action:
    """One thing that one guest of a conversation does."""

    what: str
    """`connect`, `send`, `half_close`, `expect` (a pattern), `expect_end`, `close`."""
    data: bytes = b""
    guest: str = "guest"
    step: int = 1
    """Where it stands in the subject file, counted from 1."""
    times: int = 1
    """How many times over the data is sent."""
    again: bool = False
    """Whether it is of an exchange that can be had again on the same connection."""

    @property
    def waits(self) -> bool:
        """Whether it is over when the server has done something."""
        return self.what in ("expect", "expect_end")


@dataclass(frozen=True)
class Talk:
    """What proves that a client is served: a conversation, or a client program."""

    actions: tuple[Action, ...] = ()
    client: tuple[str, ...] = ()
    """A program: what is sent is its stdin, what is expected its stdout."""
    tls: str = ""
    """File that holds the server's certificate."""

    @property
    def guests(self) -> tuple[str, ...]:
        """Their names, as they come; one at least."""
        return tuple(dict.fromkeys(action.guest for action in self.actions)) or (Action.guest,)

    @property
    def waits(self) -> bool:
        """Whether the server is to do anything."""
        return any(action.waits for action in self.actions)

    @property
    def again(self) -> tuple[Action, ...]:
        """An exchange that can be had again and again; empty where that is not promised."""
        return tuple(action for action in self.actions if action.again)

    @property
    def send(self) -> bytes:
        """What its first guest says before it waits for anything; nothing where clients are a program.

        For one connection by itself, whose {n} is 0.
        """
        first = takewhile(lambda action: not action.waits, self._first_guest())
        return b"".join(_numbered(action.data) * action.times for action in first if action.what == "send")

    @property
    def expect(self) -> bytes:
        """The pattern for what its first guest waits for first, as `send` has it; empty where that is nothing."""
        return next((_numbered(action.data) for action in self._first_guest() if action.what == "expect"), b"")

    def _first_guest(self) -> list[Action]:
        return [] if self.client else [action for action in self.actions if action.guest == self.guests[0]]


@dataclass(frozen=True)
class Companion:
    """A command that is started before the server, and ends with it."""

    start: tuple[str, ...]
    ready: Ready | None = None


@dataclass(frozen=True)
class Starting:
    """What is special about its start."""

    daemon: bool = False
    """Whether the start command ends while the server goes on."""
    pid_file: str = ""
    """Where a daemon says who it is; else whoever listens is it."""
    activation: str = ""
    """Who makes its sockets: `systemd`, `inetd-nowait`, `inetd-wait`; empty for itself."""
    port: int = 0
    """The only one that it can have; 0 for any."""
    user: str = ""
    """Name of the user whom it is started as; empty for whoever runs the suite."""
    syslog: bool = False
    """Whether it is to have a /dev/log of its own."""
    also: tuple[Companion, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A server and how to start it, know that it is ready, speak to it and stop it."""

    name: str
    root: Path
    """The folder that relative paths in the argument lists start from."""
    start: tuple[str, ...]
    """Argument list with {port}, {host}, {log}, {key_file}, {work} to fill in."""
    binds: dict[str, tuple[str, ...]]
    """Bind mode -> the arguments that ask for it."""
    ready: Ready
    protocol: str | None
    stop: str
    """Name of the signal that ends the server in order."""
    client: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, str] = field(default_factory=dict)
    """Files for {work}: name -> content, with the same words to fill in."""
    talk: Talk | None = None
    transport: str = "tcp"
    """`tcp`, `udp` or `unix`."""
    starting: Starting = field(default_factory=Starting)
    promises: dict[str, Promises] = field(default_factory=dict)
    """By bind mode."""
    check: tuple[str, ...] = ()
    """The command that knows whether what was confirmed is true, with the same words to fill in; empty for none."""


def _numbered(data: bytes) -> bytes:
    return data.replace(b"{n}", b"000000").replace(b"{i}", b"000001")


def load_subject(path: Path) -> Subject:
    """The subject that the runner wrote. Raises ValueError naming the file."""
    try:
        data = json.loads(path.read_text())
        talk = data["talk"]
        return Subject(
            name=data["name"],
            root=path.parent / data["root"],
            start=tuple(data["start"]),
            binds={mode: tuple(arguments) for mode, arguments in data["bind"].items()},
            ready=Ready(**data["ready"]),
            protocol=data["protocol"],
            stop=data["stop"],
            client=tuple(data["client"]),
            environment=data["environment"],
            configuration=data["configuration"],
            talk=_talk(talk) if talk else None,
            transport=data["transport"],
            starting=_starting(data["starting"]),
            promises=data["promises"],
            check=tuple(data["check"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a subject written by anyunix ({error!r})") from error


def _talk(data: dict[str, Any]) -> Talk:
    actions = [Action(**{**each, "data": each["data"].encode("latin-1")}) for each in data["actions"]]
    return Talk(tuple(actions), tuple(data["client"]), data["tls"])


def _starting(data: dict[str, Any]) -> Starting:
    also = (Companion(tuple(each["start"]), Ready(**each["ready"]) if each["ready"] else None) for each in data["also"])
    return Starting(**{**data, "also": tuple(also)})


def subject_from_environment() -> Subject | None:
    """The subject that ANYUNIX_SUBJECT names; None when there is none, as in a run of the facts alone."""
    path = os.environ.get(SUBJECT_VARIABLE)
    return load_subject(Path(path)) if path else None
