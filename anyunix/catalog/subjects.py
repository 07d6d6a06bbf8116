"""Subject files: a server under test, and what it promises."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from anyunix.catalog.reader import Reader, nearest
from anyunix.host.environment import no_names
from anyunix.host.regular import inside

READY = ("line", "port", "file")
ENDS: Mapping[Any, str] = {
    "quick": "ends with all its processes within 2 s",
    "slow": "the same within 15 s",
    "alone": "ends within 2 s and frees its port; the processes of its connections may go on",
    "survives": "goes on serving",
    "either": "ends with all its processes, or goes on serving",
    False: "nothing",
}
PROMISES: Mapping[str, Mapping[Any, str]] = {
    "ipv4": {True: "IPv4 clients are served", False: "nothing"},
    "ipv6": {True: "IPv6 clients are served where the platform has IPv6", False: "nothing"},
    "interfaces": {True: "clients that come in by an interface's address are served", False: "loopback alone is"},
    "without_ipv6": {True: "IPv4 clients are served where the system has no IPv6", False: "nothing"},
    "at_once": {
        True: "a client is served while others are connected, and right after one has left",
        False: "one at a time, with pauses",
    },
    "restart": {True: "it starts again on its port at once", False: "nothing"},
    "port_in_use": {True: "a second one on the same port ends with an error", False: "nothing"},
    "children": {True: "no process and no zombie is left of a client", False: "nothing"},
    "descriptors": {True: "no descriptor is left of a client, and it survives to have none left", False: "nothing"},
    "orphans": {True: "its processes end when the first one is killed", False: "nothing"},
    "sigterm": ENDS,
    "sigint": ENDS,
    "sighup": ENDS,
}
"""What contracts about any server ask for: promise -> values, each with what it means."""
NOT_BY_MODE = {"ipv4": ("ipv6",), "ipv6": ("ipv4",), "first": ("ipv6", "without_ipv6", "port_in_use")}
"""Bind modes whose name says what they do not promise: another address may still be free to `first`."""


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


@dataclass(frozen=True)
class Talk:
    """One exchange that proves that a client is served, not just queued by the kernel."""

    send: str
    """A character a byte (ISO 8859-1); empty where the server speaks first."""
    expect: str
    """Regular expression for what comes back, in the same way."""


@dataclass(frozen=True)
class Subject:
    """A server under test: how it is built, started, known to be ready, spoken to, stopped."""

    name: str
    title: str
    folder: Path
    """Where its file is; `files` are relative to it."""
    files: tuple[str, ...]
    start: tuple[str, ...]
    binds: Mapping[str, tuple[str, ...]]
    ready: Ready
    needs: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    protocol: str | None = None
    stop: str = "SIGTERM"
    client: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    """Variables of the user's that are handed on, where the platform is this machine."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """Files that are written into the server's work folder before it starts: name -> content."""
    talk: Talk | None = None
    promises: Mapping[str, bool | str] = field(default_factory=dict)
    """What differs from what any server promises."""

    def described(self) -> dict[str, Any]:
        """What the suite has to know of it, as JSON (suite/support/subject.py reads it)."""
        return {
            "name": self.name,
            "root": ".",
            "start": self.start,
            "bind": dict(self.binds),
            "ready": {"how": self.ready.how, "what": self.ready.what, "names_addresses": self.ready.names_addresses},
            "protocol": self.protocol,
            "stop": self.stop,
            "client": self.client,
            "environment": dict(self.environment),
            "configuration": dict(self.configuration),
            "talk": {"send": self.talk.send, "expect": self.talk.expect} if self.talk else None,
            "promises": {bind: self._promised(bind) for bind in self.binds},
        }

    def _promised(self, bind: str) -> dict[str, bool | str]:
        usual = {name: next(iter(values)) for name, values in PROMISES.items()}
        by_mode = dict.fromkeys(NOT_BY_MODE.get(bind, ()), False)
        return {**usual, "sighup": "either", **by_mode, **self.promises}


def read_subject(name: str, path: Path, data: dict[str, Any]) -> Subject:
    """A subject from its file's keys. Raises ConfigurationError that names file, key and reason."""
    reader = Reader(path, data)
    subject = Subject(
        name=reader.name(name),
        title=reader.text("title"),
        folder=path.parent,
        files=reader.words("files"),
        start=reader.words("start", required=True),
        binds=reader.binds("bind"),
        ready=_ready(reader),
        needs=reader.words("needs"),
        build=reader.words("build"),
        protocol=reader.text("protocol", "") or None,
        stop=reader.text("stop", "SIGTERM"),
        client=reader.words("client"),
        environment=reader.mapping("environment"),
        pass_env=reader.words("pass_env"),
        configuration=_configuration(reader),
        talk=_talk(reader),
        promises=_promises(reader),
    )
    reader.reject_unknown()
    _check(subject, reader)
    return subject


def _check(subject: Subject, reader: Reader) -> None:
    if subject.protocol not in (None, "chat"):
        raise reader.error("protocol", f"{subject.protocol!r} is not spoken by any probe; known: chat")
    if subject.protocol == "chat" and not subject.ready.names_addresses:
        raise reader.error("ready", r"a chat server says what it bound: a line with a group (?P<addresses>…)")
    if strange := no_names(subject.pass_env):
        raise reader.error("pass_env", f"{strange[0]!r} is no name of a variable: letters, digits and _ only")
    for entry in subject.files:
        _check_travels(subject.folder, entry, reader)
    texts = [
        *subject.start,
        *subject.environment.values(),
        *subject.configuration.values(),
        *(word for words in subject.binds.values() for word in words),
    ]
    if not subject.ready.names_addresses and not any("{port}" in text for text in texts):
        raise reader.error(
            "start", "nowhere is {port}: the server has to be told its port, in start, environment or configuration"
        )


def _check_travels(folder: Path, entry: str, reader: Reader) -> None:
    """What travels lies in the subject's folder: no link may bring anything else of this machine to a platform."""
    place = inside(folder, entry)
    if place is None:
        raise reader.error("files", f"{entry!r} lies outside of {folder}")
    if not os.path.isfile(place) and not os.path.isdir(place):
        raise reader.error(
            "files", f"{entry!r} is no file and no folder" if os.path.lexists(place) else f"no {entry!r} in {folder}"
        )
    for top, folders, names in os.walk(folder / entry):
        for name in (*folders, *names):
            link = Path(top, name)
            if link.is_symlink() and not inside(folder, str(link.relative_to(folder))):
                raise reader.error(
                    "files",
                    f"{str(link.relative_to(folder))!r} is a link to {os.readlink(link)!r}, "
                    f"outside of {folder}; put the file itself there, or name less",
                )


def _ready(reader: Reader) -> Ready:
    """A pattern for a line on stdout; or one of the keys line, port and file."""
    value = reader.anything(
        "ready",
        "how it is known that the server listens: a pattern for a line on its stdout, or "
        "`{port: true}`, or `{file: PATH}`",
    )
    if isinstance(value, dict):
        if len(value) != 1 or (how := str(next(iter(value)))) not in READY:
            raise reader.error(
                "ready", f"expected one of the keys {', '.join(READY)}, found {', '.join(map(str, value)) or 'none'}"
            )
        if how == "port":
            if value["port"] is not True:
                raise reader.error("ready.port", f"expected true, found {value['port']!r}")
            return Ready("port")
        if how == "file":
            return Ready("file", _text(reader, "ready.file", value["file"]))
        value = value["line"]
    return Ready("line", _pattern(reader, "ready", value))


def _configuration(reader: Reader) -> dict[str, str]:
    files = reader.mapping("configuration")
    for name in files:
        if PurePosixPath(name).name != name or name in (".", ".."):
            raise reader.error(
                f"configuration.{name}", "expected a file's name without a folder; it is written to {work}"
            )
    return files


def _talk(reader: Reader) -> Talk | None:
    value = reader.anything("talk", "the keys send and expect", {})
    if not isinstance(value, dict) or not set(value) <= {"send", "expect"}:
        raise reader.error("talk", "expected the keys send (a text, may be left out) and expect (a pattern)")
    if not value:
        return None
    if "expect" not in value:
        raise reader.error("talk", "the key expect is missing: a pattern for what the server sends back")
    send = value.get("send", "")
    if not isinstance(send, str) or (not send.isascii() and max(send) > "\xff"):
        raise reader.error("talk.send", f"expected a text of characters up to \\xff, a byte each, found {send!r}")
    return Talk(send, _pattern(reader, "talk.expect", value["expect"]))


def _promises(reader: Reader) -> dict[str, bool | str]:
    value = reader.anything("promises", "promises, each with true, false or a word", {})
    if not isinstance(value, dict):
        raise reader.error("promises", "expected promises, each with true, false or a word")
    for name, said in value.items():
        if name not in PROMISES:
            raise reader.error(
                f"promises.{name}", f"unknown promise{nearest(str(name), PROMISES)}; known: {', '.join(PROMISES)}"
            )
        if not isinstance(said, (bool, str)) or said not in PROMISES[name]:
            known = ", ".join(str(each).lower() for each in PROMISES[name])
            raise reader.error(f"promises.{name}", f"expected one of {known}, found {said!r}")
    return dict(value)


def _pattern(reader: Reader, key: str, value: Any) -> str:
    text = _text(reader, key, value)
    try:
        re.compile(text)
    except re.error as error:
        raise reader.error(key, f"not a regular expression: {error}") from None
    return text


def _text(reader: Reader, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise reader.error(key, f"expected a text, found {value!r}")
    return value
