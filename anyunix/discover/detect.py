"""A server found out by starting it: where it listens, how it is told its port, what it says, how it ends."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from msgspec.structs import replace as replaced

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.discover.command import ServerCommand
from anyunix.discover.found_talk import FoundTalk, talk_found
from anyunix.discover.openers import openers
from anyunix.discover.watched import Lookout, Seen, SeenStop
from anyunix.drivers.netns.netns_driver import NetnsOptions
from anyunix.drivers.registry import Drivers
from anyunix.errors import EXIT_FAILED, AnyunixError
from anyunix.host.regular import read_text
from anyunix.text import safe

CONFIGURATION_CHARACTERS = 64 * 1024
PROGRAMS = (".py", ".js", ".mjs", ".ts", ".rb", ".pl", ".php", ".sh", ".lua")
"""Ends of names of files that are no configuration."""
OTHER_SIGNALS = ("SIGINT", "SIGHUP")
LINES = 6
"""Of what a server printed that did not come to listen."""
Say = Callable[[str], None]


class NoServer(AnyunixError):
    """Nothing came to listen, or it went away again: the text says what was seen."""

    exit_status = EXIT_FAILED


@dataclass(frozen=True)
class Detected:
    """What was found out."""

    command: ServerCommand
    subject: Subject
    """How it is started, with its port in its place."""
    port: int
    """The only one that it can have; 0 for any."""
    seen: Seen
    talk: FoundTalk | None
    stops: dict[str, SeenStop] = field(default_factory=dict)
    """Signal -> what became of it."""
    private: bool = False
    """Whether that was in a network of its own."""
    starts: int = 1
    """How often it was started."""

    @property
    def transport(self) -> str:
        """What clients come by."""
        return self.seen.place.transport if self.seen.place else "tcp"

    @property
    def daemon(self) -> bool:
        """Whether the command ended while the server went on."""
        return self.seen.command_status is not None


def detect(command: ServerCommand, catalog: Catalog, say: Say) -> Detected:
    """Raises ConfigurationError, NoServer, NotRun, PlatformError."""
    subject = command.subject()
    platform, private = _here(catalog, told_port="{port}" in " ".join(command.words))
    with Lookout(platform, Drivers().for_platform(platform), catalog.suite) as watch:
        say(f"starting it{' in a network of its own' if private else ''}")
        seen = watch.see(subject, "SIGTERM", openers())
        if not seen.listens:
            raise NoServer(_why_not(command, seen))
        if seen.ended_by_silence:
            say("it ended with a client that said nothing: starting it again")
            asked = watch.see(subject, "SIGTERM", openers(), greet=False)
            seen = replaced(seen, replies=asked.replies, answers=asked.answers, ending=asked.ending)
        found = Detected(command, subject, 0, seen, talk_found(seen), private=private)
        if found.transport == "udp" and found.talk is None:
            raise NoServer(
                f"--detect: {command.title}: it has {seen.place} and answers none of the openers, and over UDP an "
                f"answer alone proves that it serves: write {command.file} by hand, with the exchange: anyunix init"
            )
        if seen.ending:
            found = replace(found, stops={"SIGTERM": seen.ending})
        if not seen.honours_port:
            say(f"it listens on {seen.place}: looking for how it can be told another port")
            found = _told(watch, found)
        for name in OTHER_SIGNALS:
            say(f"starting it again, for {name}")
            if (again := watch.see(found.subject, name, stay=_said(found))).ending:
                found.stops[name] = again.ending
        return replace(found, starts=watch.starts)


def _said(found: Detected) -> str:
    """What a client says that is served."""
    filled = (found.talk.send if found.talk else "").replace("{n}", "000000")
    return filled.replace("{i}", "000001")


def _here(catalog: Catalog, *, told_port: bool) -> tuple[Platform, bool]:
    """This machine, with a network of its own where that is to be had and changes nothing else.

    Others than root would be root in a user namespace, so they are where nothing but that frees the port.
    """
    platform = catalog.platform("local")
    private = replace(platform, options=NetnsOptions())
    if (os.geteuid() and told_port) or Drivers().for_platform(private).available():
        return platform, False
    return private, True


def _told(watch: Lookout, found: Detected) -> Detected:
    """With its port in the place where it is told it; else with the one that it has."""
    place = found.seen.place
    assert place
    if place.transport == "unix":
        for subject in _with_socket(found.subject, place.host):
            return replace(found, subject=subject)
        raise NoServer(f"--detect: it listens on {place}, and no word is that path: say {{socket}} where it is told it")
    for subject in _with_port(found.subject, place.port):
        if watch.see(subject).honours_port:
            return replace(found, subject=subject)
    return replace(found, port=place.port)


def _with_port(subject: Subject, port: int) -> Iterator[Subject]:
    """The subject with {port} in place of that port, one place after the other."""
    number = re.compile(rf"(?<!\d){port}(?!\d)")
    start = tuple(number.sub("{port}", word) for word in subject.start)
    if start != subject.start:
        yield replace(subject, start=start)
    yield replace(subject, environment={**subject.environment, "PORT": "{port}"})
    for name in (*subject.files, *filter(_is_public, subject.start[1:])):
        if not name.endswith(PROGRAMS) and number.search(text := _text(subject, name)):
            yield _configured(subject, name, number.sub("{port}", text))


def _is_public(word: str) -> bool:
    """Whether it is the absolute path of a file that everybody may read: others' secrets are copied nowhere."""
    try:
        status = os.stat(word)
    except (OSError, ValueError):
        return False
    return os.path.isabs(word) and stat.S_ISREG(status.st_mode) and bool(status.st_mode & stat.S_IROTH)


def _configured(subject: Subject, name: str, text: str) -> Subject:
    """With a file that is written to {work} in place of one that travels."""
    base = os.path.basename(name)
    start = tuple(f"{{work}}/{base}" if os.path.normpath(word) == name else word for word in subject.start)
    files = tuple(each for each in subject.files if each != name)
    return replace(subject, start=start, files=files, configuration={**subject.configuration, base: text})


def _with_socket(subject: Subject, path: str) -> Iterator[Subject]:
    start = tuple(word.replace(path, "{socket}") for word in subject.start)
    if start != subject.start:
        yield replace(subject, start=start, transport="unix")


def _text(subject: Subject, name: str) -> str:
    """Empty where it is none, or a long one."""
    try:
        text = read_text(subject.folder / name)
    except AnyunixError:
        return ""
    return text if len(text) <= CONFIGURATION_CHARACTERS else ""


def _why_not(command: ServerCommand, seen: Seen) -> str:
    """One line, and the last of what the server printed."""
    if seen.error:
        return f"--detect: {seen.error}"
    status = seen.command_status
    if seen.sockets:
        what = "it came to listen, and was gone again"
    elif status is None:
        what = f"it listens on nothing after {seen.seconds:.0f} s, and goes on"
    elif status < 0:
        what = f"it was killed by signal {-status} before it listened"
    elif seen.processes:
        what = f"its command ended with exit status {status}, and what it left listens on nothing"
    else:
        what = f"it ended with exit status {status} before it listened"
    for name, text in (("stderr", seen.stderr), ("stdout", seen.stdout)):
        if lines := [line[:200] for line in safe(text).splitlines() if line.strip()][-LINES:]:
            return "\n".join(
                [f"--detect: {command.title}: {what}; its {name} ended with:", *lines, _hint(text)]
            ).strip()
    return f"--detect: {command.title}: {what}; it said nothing"


def _hint(text: str) -> str:
    """What to type next, where that is plain to see."""
    if re.search(r"No such file|ModuleNotFoundError|cannot open|Can't open|not found", text, re.IGNORECASE):
        return "files that it needs of this folder: name them with --with FILE before --detect"
    return ""
