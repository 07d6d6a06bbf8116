"""What is started before a server, and ended with it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from support.dev_log import DevLog
from support.output import Output
from support.ready import Awaited
from support.starting import Command, InFront
from support.subject import Companion


class Companions:
    """They run in sessions of their own, and print where the server does."""

    def __init__(self) -> None:
        self._started: list[InFront | DevLog] = []

    def start(self, companion: Companion, command: Command, output: Output, fill: Callable[[str], str]) -> None:
        """Start one more, as the server's `command` would be. Raises OSError, NotReady."""
        argv = [fill(word) for word in companion.start]
        started = InFront(replace(command, argv=argv, new_session=True, kept=(), prepare=None))
        self._started.append(started)
        if companion.ready:
            Awaited(started, output).written(fill(companion.ready.what))

    def log(self, work: Path, output: Output) -> DevLog:
        """What the server is to find as /dev/log. Raises CannotBeHere."""
        made = DevLog(work, output.stderr)
        self._started.append(made)
        return made

    def end(self) -> None:
        """The last one first."""
        for each in reversed(self._started):
            each.end()


def in_its_own_dev(command: Command, dev_log: DevLog) -> Command:
    """The same, with that as its /dev/log."""

    def prepare() -> None:
        if command.prepare:
            command.prepare()
        dev_log.enter()

    return replace(command, prepare=prepare)
