"""What a server calls, written down from inside of it in strace(1)'s words, for platforms where no tracer may run.

The object counts its calls as it does when it changes one, so what is found here is found there.
"""

import fcntl
import os
import re
import signal
import socket
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from support.inside import ARMED, RECORD_BYTES, RECORDED, Plan

SERVING, ENDING = 2, 3
SOCKET = re.compile(r"socket\((\d+), (\d+)")
ACCEPT = re.compile(r"accept\((\d+), NULL, NULL, (\d+)")
OPEN = re.compile(r'open\((".*"), (-?\d+)')
FLOCK = re.compile(r"flock\((\d+), (\d+)")
CONTROL = re.compile(r"fcntl\((\d+), (\d+), (-?\d+)")
ACTION = re.compile(r"sigaction\((\d+),")
OPTION = re.compile(r"setsockopt\((\d+), (\d+), (\d+)")
LEVELS = {socket.SOL_SOCKET: ("SOL_SOCKET", "SO_"), socket.IPPROTO_TCP: ("IPPROTO_TCP", "TCP_")} | {
    socket.IPPROTO_IPV6: ("IPPROTO_IPV6", "IPV6_"),
    socket.IPPROTO_IP: ("IPPROTO_IP", "IP_"),
}
OTHER_LEVELS = ("SO_J1939", "SO_VM_SOCKETS")
"""Options of protocols, though they are called as if they were every socket's."""


class Recorder:
    """`wrapper` goes in front of the server's command."""

    def __init__(self, made: Path, folder: Path) -> None:
        """`made` is the object."""
        nothing = (0,) * 9
        self._plan = Plan(made, folder / "recorded", RECORD_BYTES, (1, 1, RECORDED, *nothing))
        self.wrapper = self._plan.wrapper

    def check(self, pid: int) -> None:
        """Raises CannotInject for a server that has nothing inside."""
        self._plan.check(pid)

    def serving(self) -> None:
        """Calls are those of serving from now on."""
        self._plan[ARMED] = SERVING

    def ending(self) -> None:
        self._plan[ARMED] = ENDING

    def text(self, stop: str) -> str:
        """As strace would have written it; `stop` is the signal that ends the server."""
        return "".join(f"{worded(line)}\n" for line in self._plan.lines()).replace("SIGENDING", stop)


def worded(line: str) -> str:
    """The numbers of this platform by name, where a name is in their place in strace's lines."""
    for pattern, said in (
        (SOCKET, lambda match: f"socket({family(match[1])}, {socket_type(match[2])}"),
        (ACCEPT, lambda match: f"accept({match[1]}, NULL, NULL, {socket_type(match[2])}"),
        (OPEN, lambda match: f"open({match[1]}, {open_flags(int(match[2]))}"),
        (FLOCK, lambda match: f"flock({match[1]}, {flags_in(fcntl, 'LOCK_', int(match[2]))}"),
        (CONTROL, lambda match: f"fcntl({match[1]}, {control(int(match[2]), int(match[3]))}"),
        (ACTION, lambda match: f"sigaction({signal_name(int(match[1]))},"),
        (OPTION, lambda match: f"setsockopt({match[1]}, {option(int(match[2]), int(match[3]))}"),
    ):
        line = pattern.sub(said, line, count=1)
    return line


def family(number: str) -> str:
    return next((each.name for each in socket.AddressFamily if each == int(number)), number)


def socket_type(number: str) -> str:
    """SOCK_STREAM|SOCK_CLOEXEC; 0 for none."""
    left, words = int(number), list[str]()
    for name in ("SOCK_CLOEXEC", "SOCK_NONBLOCK"):
        if left & (value := int(getattr(socket, name, 0))):
            left, words = left & ~value, [*words, name]
    kind = next((each.name for each in socket.SocketKind if each == left), None)
    return "|".join([*([kind] if kind else []), *words]) or "0"


def open_flags(flags: int) -> str:
    access = {os.O_RDONLY: "O_RDONLY", os.O_WRONLY: "O_WRONLY", os.O_RDWR: "O_RDWR"}[flags & os.O_ACCMODE]
    return "|".join([access, *flag_words(os, "O_", flags & ~os.O_ACCMODE)])


def flags_in(module: ModuleType, prefix: str, flags: int) -> str:
    return "|".join(flag_words(module, prefix, flags)) or str(flags)


def flag_words(module: ModuleType, prefix: str, flags: int) -> Iterable[str]:
    """The names of single bits, and of those that have no name nothing: a libc's own."""
    named = {int(getattr(module, name)): name for name in sorted(dir(module), reverse=True) if name.startswith(prefix)}
    return [name for bit, name in sorted(named.items()) if bit.bit_count() == 1 and bit & flags]


def control(command: int, value: int) -> str:
    """F_SETFL, O_RDWR|O_NONBLOCK."""
    names = [name for name in dir(fcntl) if name.startswith("F_") and getattr(fcntl, name) == command]
    known = next((name for name in ("F_SETFL", "F_DUPFD", "F_DUPFD_CLOEXEC", "F_SETLK", *names) if name in names), "")
    return f"{known or command}, {open_flags(value) if known == 'F_SETFL' else value}"


def signal_name(number: int) -> str:
    return next((each.name for each in signal.Signals if each == number), f"SIGRT_{number}")


def option(level: int, number: int) -> str:
    """SOL_SOCKET, SO_REUSEADDR."""
    name, prefix = LEVELS.get(level, (str(level), " "))
    known = (each for each in dir(socket) if each.startswith(prefix) and not each.startswith(OTHER_LEVELS))
    names = [each for each in known if getattr(socket, each) == number]
    return f"{name}, {names[0] if names else number}"
