"""The subject under test, as the payload describes it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

SUBJECT_VARIABLE = "ANYUNIX_SUBJECT"
BIND_VARIABLE = "ANYUNIX_BIND"


@dataclass(frozen=True)
class Subject:
    """A server and how to start it, know that it is ready, speak to it and stop it."""

    name: str
    root: Path
    """The folder that relative paths in the argument lists start from."""
    start: tuple[str, ...]
    """Argument list with {port}, {host}, {log}, {key_file} to fill in."""
    binds: dict[str, tuple[str, ...]]
    """Bind mode -> the arguments that ask for it."""
    ready: str
    """Regular expression for the line on stdout that says the server listens; its group `addresses`
    holds `address:port` words."""
    protocol: str | None
    stop: str
    """Name of the signal that ends the server in order."""
    client: tuple[str, ...]


def load_subject(path: Path) -> Subject:
    """The subject that the runner wrote. Raises ValueError naming the file."""
    try:
        data = json.loads(path.read_text())
        return Subject(
            name=data["name"],
            root=path.parent / data["root"],
            start=tuple(data["start"]),
            binds={mode: tuple(arguments) for mode, arguments in data["bind"].items()},
            ready=data["ready"],
            protocol=data.get("protocol"),
            stop=data.get("stop", "SIGTERM"),
            client=tuple(data.get("client", ())),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a subject written by anyunix ({error!r})") from error


def subject_from_environment() -> Subject | None:
    """The subject that ANYUNIX_SUBJECT names; None when there is none, as in a run of the facts alone."""
    path = os.environ.get(SUBJECT_VARIABLE)
    return load_subject(Path(path)) if path else None
