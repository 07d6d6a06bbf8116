"""The subject under test, as the payload describes it."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

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
class Talk:
    """One exchange that proves that a client is served."""

    send: bytes
    expect: bytes
    """Regular expression for what comes back."""


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
    promises: dict[str, Promises] = field(default_factory=dict)
    """By bind mode."""


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
            talk=Talk(talk["send"].encode("latin-1"), talk["expect"].encode("latin-1")) if talk else None,
            promises=data["promises"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a subject written by anyunix ({error!r})") from error


def subject_from_environment() -> Subject | None:
    """The subject that ANYUNIX_SUBJECT names; None when there is none, as in a run of the facts alone."""
    path = os.environ.get(SUBJECT_VARIABLE)
    return load_subject(Path(path)) if path else None
