"""Subject files -> Subject: their keys as a type, and what no type can say of them."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from anyunix.catalog.reader import file_name, key_error, read_file
from anyunix.catalog.starting import (
    READY,
    Activation,
    CompanionKeys,
    NonEmpty,
    ReadyKeys,
    Starting,
    companions_of,
    one_command,
    ready_of,
    start_complaints,
)
from anyunix.catalog.subjects import PROMISES, Subject, Transport, as_yaml
from anyunix.catalog.talk import ONE_OF, TalkSaid, talk_of
from anyunix.catalog.talk_checks import talk_complaints
from anyunix.catalog.yaml_text import kind
from anyunix.errors import ConfigurationError
from anyunix.host.environment import no_names
from anyunix.host.regular import inside
from anyunix.results.model import PART_OF_A_NAME
from anyunix.text import Text, Word, nearest

PROTOCOLS = ("chat",)
Words = tuple[Word, ...]
MODE_NAMES = {"pattern": f"^{PART_OF_A_NAME.pattern}$"}
ModeName = Annotated[Word, Meta(extra_json_schema=MODE_NAMES)]


def _described(values: Mapping[bool | str, str]) -> str:
    """Each meaning once, behind the values that have it."""
    by_meaning: dict[str, list[str]] = {}
    for value, meaning in values.items():
        by_meaning.setdefault(meaning, []).append(as_yaml(value))
    return "; ".join(f"{', '.join(words)}: {meaning}" for meaning, words in by_meaning.items())


PROMISE_KEYS = {name: {"enum": list(values), "description": _described(values)} for name, values in PROMISES.items()}


class SubjectFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A server under test: what anyunix has to know of it."""

    title: Annotated[Text, Meta(description="what reports call it")]
    files: Annotated[
        Words, Meta(description="files and folders beside this file that travel to a platform; a folder with all in it")
    ] = ()
    needs: Annotated[Words, Meta(description="commands that have to be on the platform")] = ()
    build: Annotated[
        tuple[Word | Words, ...],
        Meta(
            title="a command, or a list of commands",
            description="the command that builds the server there; or several, each once that before it succeeded",
        ),
    ] = ()
    start: Annotated[
        Words,
        Meta(
            description="how it is started, in front unless `daemon` says otherwise; {port}, {host}, {socket}, "
            "{log}, {key_file}, {python} and {work} (a folder that is empty at each start) are filled in"
        ),
    ]
    bind: Annotated[
        dict[ModeName, Words],
        Meta(
            title="bind modes, each with its list of arguments",
            description="the names dual, ipv4, ipv6 and first say what they promise",
            extra_json_schema={"minProperties": 1, "propertyNames": MODE_NAMES},  # older msgspecs do not look at keys
        ),
    ] = field(default_factory=lambda: {"default": ()})
    ready: Annotated[
        NonEmpty | Annotated[ReadyKeys, Meta(title=f"one of the keys {', '.join(READY)}")],
        Meta(
            title="a pattern for the line on stdout that says that it listens, or `{port: true}`, or `{file: PATH}`",
            description="how it is known that the server listens",
            extra_json_schema={"minProperties": 1, "maxProperties": 1},  # a pattern has no properties
        ),
    ]
    protocol: Annotated[
        Text, Meta(description="what probes may speak with it", extra_json_schema={"enum": [*PROTOCOLS, ""]})
    ] = ""
    stop: Annotated[Text, Meta(description="the signal that ends it")] = "SIGTERM"
    client: Annotated[Words, Meta(description="the command that starts a client of it")] = ()
    environment: Annotated[dict[Word, Word], Meta(description="variables that it is started with")] = {}
    pass_env: Annotated[
        Words, Meta(description="variables of yours that are handed on, where the platform is this machine")
    ] = ()
    configuration: Annotated[
        dict[Word, Word], Meta(description="files that are written to {work} before it starts: name and content")
    ] = {}
    talk: Annotated[
        TalkSaid | UnsetType,
        Meta(
            title="one exchange, or a list of steps",
            extra_json_schema=ONE_OF,
            description="what proves that a client is served, not just queued by the kernel",
        ),
    ] = UNSET
    check: Annotated[
        Words,
        Meta(
            description="the command that ends with status 0 where what the server has confirmed is true; `anyunix "
            "sweep` runs it: with {port}, {host} or {socket} in it while the server runs, else once that has ended. "
            "{work}, {log} and {python} are filled in too; the {n} of each client that was served is a line of its "
            "stdin"
        ),
    ] = ()
    transport: Annotated[Transport, Meta(description="what clients come by: tcp, udp or unix")] = "tcp"
    daemon: Annotated[bool, Meta(description="whether the start command ends while the server goes on")] = False
    pid_file: Annotated[
        Text, Meta(description="where a daemon says who it is; without one, whoever holds the listener is it")
    ] = ""
    activation: Annotated[
        Activation,
        Meta(
            description="who makes its sockets: itself (none); `systemd`: they come as descriptors from 3 on "
            "(LISTEN_FDS); `inetd-nowait`: it is started for each connection, with that as stdin, stdout and stderr; "
            "`inetd-wait`: it is started when clients come, with the listener as these"
        ),
    ] = "none"
    port: Annotated[int, Meta(description="the only port that it can have; 0 for any")] = 0
    user: Annotated[Text, Meta(description="the user whom it is started as; for root only")] = ""
    syslog: Annotated[
        bool, Meta(description="whether it is given a /dev/log of its own; what comes there is added to its stderr")
    ] = False
    also: Annotated[
        tuple[CompanionKeys, ...],
        Meta(
            title="a list of commands, each with start and file",
            description="what is started before it, in this order, and ended with it",
        ),
    ] = ()
    platforms: Annotated[
        Words,
        Meta(description="names of the platforms that it can run on, or patterns such as debian*; else it is not run"),
    ] = ()
    promises: Annotated[
        dict[Word, Any],
        Meta(
            title="promises, each with true, false or a word",
            description="what it does not promise, or promises in another way than any server",
            extra_json_schema={"properties": PROMISE_KEYS},
        ),
    ] = {}


def read_subject(path: Path) -> Subject:
    """A subject from its file. Raises ConfigurationError that names file, line, key and reason."""
    file = read_file(path, SubjectFile)
    if file.talk is not UNSET:
        for key, reason in talk_complaints(file.talk):
            raise key_error(path, key, reason)
    talk = None if file.talk is UNSET else talk_of(file.talk)
    certificate = talk.tls if talk and inside(path.parent, talk.tls) and (path.parent / talk.tls).is_file() else ""
    subject = Subject(
        name=file_name(path),
        title=file.title,
        folder=path.parent,
        files=(*file.files, certificate) if certificate else file.files,
        start=file.start,
        binds=file.bind,
        ready=ready_of(file.ready),
        needs=file.needs,
        build=one_command(file.build),
        protocol=file.protocol or None,
        stop=file.stop,
        client=file.client,
        environment=file.environment,
        pass_env=file.pass_env,
        configuration=file.configuration,
        talk=talk,
        transport=file.transport,
        starting=Starting(
            file.daemon, file.pid_file, file.activation, file.port, file.user, file.syslog, companions_of(file.also)
        ),
        platforms=file.platforms,
        promises=file.promises,
        check=file.check,
    )
    _Checks(path, file, subject).all()
    return subject


@dataclass(frozen=True)
class _Checks:
    """What no type can say. Each raises ConfigurationError."""

    path: Path
    file: SubjectFile
    subject: Subject

    def all(self) -> None:
        """Every check."""
        self._binds()
        self._ready()
        self._patterns()
        self._promises()
        self._names()
        self._protocol()
        self._port()
        self._transport()
        self._starting()
        for entry in self.subject.files:
            self._travels(entry)

    def _binds(self) -> None:
        if not self.subject.binds:
            raise self._error("bind", "expected at least one bind mode; leave the key out for a server that has none")
        for mode in self.subject.binds:
            if not PART_OF_A_NAME.fullmatch(mode):
                raise self._error(
                    f"bind.{mode}", "a bind mode's name has at most 64 characters, and no / or control character"
                )

    def _ready(self) -> None:
        if isinstance(self.file.ready, str):
            return
        given = [key for key in READY if getattr(self.file.ready, key) is not UNSET]
        if len(given) != 1:
            raise self._error(
                "ready", f"expected one of the keys {', '.join(READY)}, found {', '.join(given) or 'none'}"
            )
        if self.file.ready.port is False:
            raise self._error("ready.port", "expected true, found false")

    def _patterns(self) -> None:
        if self.subject.ready.how != "line":
            return
        try:
            re.compile(self.subject.ready.what)
        except re.error as error:
            raise self._error("ready", f"not a regular expression: {error}") from None

    def _promises(self) -> None:
        for name, said in self.subject.promises.items():
            if name not in PROMISES:
                raise self._error(
                    f"promises.{name}", f"unknown promise{nearest(name, PROMISES)}; known: {', '.join(PROMISES)}"
                )
            if not isinstance(said, (bool, str)) or said not in PROMISES[name]:
                known = ", ".join(map(as_yaml, PROMISES[name]))
                raise self._error(f"promises.{name}", f"expected one of {known}, found {kind(said)}")

    def _names(self) -> None:
        if strange := no_names(self.subject.pass_env):
            raise self._error("pass_env", f"{strange[0]!r} is no name of a variable: letters, digits and _ only")
        for name in self.subject.configuration:
            if PurePosixPath(name).is_absolute() or not {"", ".", ".."}.isdisjoint(name.split("/")):
                raise self._error(f"configuration.{name}", "expected a path such as a.conf or sub/a.conf, below {work}")

    def _protocol(self) -> None:
        if self.subject.protocol not in (None, *PROTOCOLS):
            raise self._error(
                "protocol", f"{self.subject.protocol!r} is not spoken by any probe; known: {', '.join(PROTOCOLS)}"
            )
        if self.subject.protocol == "chat" and not self.subject.ready.names_addresses:
            raise self._error("ready", r"a chat server says what it bound: a line with a group (?P<addresses>…)")

    def _port(self) -> None:
        """The server has to be told its port, unless it says itself what it bound."""
        texts = [
            *self.subject.start,
            *self.subject.environment.values(),
            *self.subject.configuration.values(),
            *(word for words in self.subject.binds.values() for word in words),
        ]
        word = "{socket}" if self.subject.transport == "unix" else "{port}"
        starting = self.subject.starting
        if starting.activation != "none" or starting.port:
            return  # it is given its sockets; or knows its port
        if not self.subject.ready.names_addresses and not any(word in text for text in texts):
            raise self._error(
                "start",
                f"nowhere is {word}: the server has to be told its {word.strip('{}')}, in start, environment or "
                "configuration",
            )

    def _transport(self) -> None:
        subject = self.subject
        if subject.transport != "tcp" and subject.ready.names_addresses:
            raise self._error("ready", "addresses are taken from a line for tcp alone")
        if subject.transport == "udp" and subject.talk is None:
            raise self._error("talk", "missing: without connections, an answer alone shows that a server is there")
        if subject.transport == "udp" and subject.talk and subject.talk.tls:
            raise self._error("talk.tls", "expected none with transport: udp")

    def _starting(self) -> None:
        subject = self.subject
        complaints = start_complaints(subject.starting, subject.ready, subject.transport, subject.protocol)
        for key, reason in complaints:
            raise self._error(key, reason)
        if len({isinstance(each, str) for each in self.file.build}) > 1:
            raise self._error("build", "expected a command, or a list of commands, and not both")

    def _travels(self, entry: str) -> None:
        """What travels lies in the subject's folder: no link may bring anything else of this machine to a platform."""
        folder = self.subject.folder
        place = inside(folder, entry)
        if place is None:
            raise self._error("files", f"{entry!r} lies outside of {folder}")
        if not os.path.isfile(place) and not os.path.isdir(place):
            is_there = os.path.lexists(place)
            raise self._error(
                "files", f"{entry!r} is no file and no folder" if is_there else f"no {entry!r} in {folder}"
            )
        for top, folders, names in os.walk(folder / entry):
            for name in (*folders, *names):
                link = Path(top, name)
                if link.is_symlink() and not inside(folder, str(link.relative_to(folder))):
                    raise self._error(
                        "files",
                        f"{str(link.relative_to(folder))!r} is a link to {os.readlink(link)!r}, "
                        f"outside of {folder}; put the file itself there, or name less",
                    )

    def _error(self, key: str, reason: str) -> ConfigurationError:
        return key_error(self.path, key, reason)
