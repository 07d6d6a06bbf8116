"""Which way a subject is started in, and what it needs for that."""

from dataclasses import replace
from pathlib import Path

from support.activation import Listeners, SuperServer
from support.address import Address
from support.daemon import Daemon
from support.starting import Command, InFront, Started
from support.subject import Promises, Subject


def begin(
    subject: Subject, command: Command, promises: Promises, place: Address, pid_file: str, *, tool_is_parent: bool
) -> Started:
    """Start it, to be reached at `place`. Raises OSError, CannotBeHere."""
    starting = subject.starting
    if starting.daemon:
        return Daemon(command, subject.transport, Path(pid_file) if pid_file else None)
    if not starting.activation:
        return InFront(command, tool_is_parent=tool_is_parent)
    listeners = Listeners.made(subject.transport, promises, place)
    try:
        if starting.activation != "systemd":
            return SuperServer(command, listeners, waits=starting.activation == "inetd-wait")
        argv = [*listeners.wrapper, *command.argv]
        return InFront(replace(command, argv=argv, kept=(*command.kept, *listeners.numbers)))
    finally:
        listeners.close()
