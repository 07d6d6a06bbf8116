"""A subject file written by trying, and tried."""

from dataclasses import dataclass, replace
from pathlib import Path

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subject_template import check_new, write_new
from anyunix.catalog.subjects import Subject
from anyunix.discover.command import ServerCommand
from anyunix.discover.detect import Say, detect
from anyunix.discover.detected_file import subject_text
from anyunix.discover.own_build import compiled, with_own_build
from anyunix.discover.tried import SeenStart, try_subject
from anyunix.drivers.netns.netns_driver import NetnsOptions
from anyunix.drivers.registry import Drivers


@dataclass(frozen=True)
class Begun:
    """What was written, and what the server did when it was started by that."""

    subject: Subject
    where: str
    tried: SeenStart


def begin(command: ServerCommand, catalog: Catalog, say: Say) -> Begun:
    """Write the file, over none that is there. Raises ConfigurationError, NoServer, NotRun, PlatformError."""
    check_new(command.file)
    found = detect(command, catalog, say)
    if programs := compiled(found.subject):
        say(f"looking for how {programs[0]} is built, in a copy of the sources beside it")
        found = replace(found, subject=with_own_build(found.subject))
    text = subject_text(found)
    write_new(command.file, text)
    try:
        subject = read_subject(command.file.resolve())
    except BaseException:
        command.file.unlink()
        raise
    say(f"{command.file} is written: starting the server by it")
    return try_once(subject, catalog.platform("local"), next(iter(subject.binds)), catalog.suite, say)


def try_once(subject: Subject, platform: Platform, bind: str, suite: Path, say: Say) -> Begun:
    """Start it once. One that can have one port alone gets a network of its own on this machine.

    Raises NotRun, PlatformError.
    """
    if subject.starting.port and platform.options.is_this_machine and not platform.options.own_network:
        title = f"{platform.name} in a network of its own"
        platform = replace(platform, name=title, options=NetnsOptions())
    tried = try_subject(subject, platform, bind, Drivers().for_platform(platform), suite, say)
    return Begun(subject, f"bind {bind} on {platform.name}", tried)
