"""What is started before a server, and ended with it."""

from collections.abc import Callable
from dataclasses import replace

from support.output import Output
from support.ready import Awaited
from support.starting import Command, InFront
from support.subject import Companion


class Companions:
    """They run in sessions of their own, and print where the server does."""

    def __init__(self) -> None:
        self._started: list[InFront] = []

    def start(self, companion: Companion, command: Command, output: Output, fill: Callable[[str], str]) -> None:
        """Start one more, as the server's `command` would be. Raises OSError, NotReady."""
        argv = [fill(word) for word in companion.start]
        self._started.append(InFront(replace(command, argv=argv, new_session=True, kept=(), prepare=None)))
        if companion.ready:
            Awaited(self._started[-1], output).written(fill(companion.ready.what))

    def end(self) -> None:
        """The last one first."""
        for each in reversed(self._started):
            each.end()
