"""A server under test, and what it promises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from anyunix.catalog.starting import Ready, Starting
from anyunix.catalog.talk import Talk

ENDS: Mapping[Any, str] = {
    "quick": "ends with all its processes within 2 s",
    "slow": "the same within 15 s",
    "alone": "ends within 2 s and frees its port; the processes of its connections may go on",
    "survives": "goes on serving",
    "either": "ends with all its processes, or goes on serving",
    False: "nothing",
}
RELOADS = ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGWINCH", "SIGTTIN", "SIGTTOU", "SIGQUIT")
"""Signals that a server may read its configuration at."""
PROMISES: Mapping[str, Mapping[Any, str]] = {
    "ipv4": {True: "IPv4 clients are served", False: "nothing"},
    "ipv6": {True: "IPv6 clients are served where the platform has IPv6", False: "nothing"},
    "interfaces": {True: "clients that come in by an interface's address are served", False: "loopback alone is"},
    "without_ipv6": {True: "IPv4 clients are served where the system has no IPv6", False: "nothing"},
    "lone_loopback": {True: "clients of ::1 are served where there is no other address of IPv6", False: "nothing"},
    "at_once": {
        True: "a client is served while others are connected, and right after one has left",
        False: "one at a time, with pauses",
    },
    "restart": {True: "it starts again on its port at once", False: "nothing"},
    "port_in_use": {True: "a second one on the same port ends with an error", False: "nothing"},
    "children": {True: "no process and no zombie is left of a client", False: "nothing"},
    "descriptors": {True: "no descriptor is left of a client, and it survives to have none left", False: "nothing"},
    "orphans": {True: "its processes end when the first one is killed", False: "nothing"},
    "lasting": {True: "a connection that can be used again (talk: again) serves 1,000 exchanges", False: "three"},
    "pipelined": {
        True: "100 exchanges that are asked for before an answer is read are answered (talk: again)",
        False: "one at a time",
    },
    "exactly_once": {
        False: "nothing",
        True: "what is said once is answered once, and what is said twice, twice (talk: again)",
    },
    "asked_address": {True: "an answer comes from the address that was asked (transport: udp)", False: "nothing"},
    "unlink": {True: "its socket is removed when it ends (transport: unix)", False: "nothing"},
    "long_path": {True: "a path of 103 bytes is served, one of 120 is an error (transport: unix)", False: "nothing"},
    "socket_mode": {True: "its socket is as private as the umask says (transport: unix)", False: "nothing"},
    "idle": {True: "waiting costs it no CPU", False: "nothing"},
    "no_descriptor": {True: "it waits for a descriptor for the next client, and uses it then", False: "nothing"},
    "wakeups": {True: "idle, it is woken at most ten times a second", False: "nothing"},
    "memory": {True: "its memory does not grow with the number of clients that it has served", False: "nothing"},
    "high_descriptors": {True: "descriptors with numbers over 1,023 serve clients, or are refused", False: "nothing"},
    "small_stack": {True: "a small stack is enough for it, or it says that it is not", False: "nothing"},
    "small_address_space": {True: "64 MiB of addresses are enough for it, or it says that not", False: "nothing"},
    "no_process": {True: "a client for which no process can be started costs no other one", False: "nothing"},
    "accept_errors": {True: "it survives that accept fails", False: "nothing"},
    "socket_errors": {True: "a read from a client, or a write to it, that fails costs no other one", False: "nothing"},
    "short_writes": {True: "what a slow client has no room for yet it gets later (talk: again)", False: "nothing"},
    "file_limit": {True: "it survives that its files may not grow", False: "nothing"},
    "file_errors": {True: "it survives that a write to a file of its own fails", False: "nothing"},
    "moved_files": {True: "it survives that its files are renamed and removed under it", False: "nothing"},
    "own_pid_file": {True: "its pid file names nobody else, whatever was there before (pid_file)", False: "nothing"},
    "link_as_pid_file": {
        False: "nothing",
        True: "a link in place of its pid file leads it to no other file (pid_file)",
    },
    "device_as_pid_file": {
        False: "nothing",
        True: "a FIFO or a device in place of its pid file stays one, and does not hold it up (pid_file)",
    },
    "relative_paths": {False: "nothing", True: "the path of its work folder may be relative ({work} in start)"},
    "environment": {True: "it serves without an environment, and without a home", False: "nothing"},
    "locale": {True: "it serves under a locale that is not there", False: "nothing"},
    "time_zone": {True: "it serves in a time zone that is not there", False: "nothing"},
    "umask": {True: "whatever the umask, it serves, and nobody else may write to its files", False: "nothing"},
    "closed_descriptors": {True: "it serves without stdin, stdout and stderr", False: "nothing"},
    "lost_log": {True: "it survives that its stderr and stdout cannot be written to", False: "nothing"},
    "blocked_signals": {False: "nothing", True: "it hears signals that its starter had blocked"},
    "old_kernel": {True: "it serves where new system calls are not to be had", False: "nothing"},
    "side_by_side": {True: "two of them, on ports of their own, live side by side", False: "nothing"},
    "pieces": {True: "requests may come in pieces, and one right behind the other", False: "nothing"},
    "urgent": {True: "urgent data costs nobody anything", False: "nothing"},
    "end_of_file": {True: "a client that ends its side gets the end of the connection", False: "nothing"},
    "process_group": {True: "its end spares other processes of the group that it was started in", False: "nothing"},
    "sigwinch": {True: "SIGWINCH, SIGCONT and SIGURG mean nothing to it", False: "nothing"},
    "interrupted": {True: "it survives that its waits are interrupted", False: "nothing"},
    "reload": {
        True: "where it goes on at SIGHUP, each client that comes then is served",
        False: "nothing",
        **dict.fromkeys(RELOADS, "it goes on at this signal, and each client that comes then is served"),
    },
    "children_killed": {
        True: "it serves again when all its processes but the first were killed",
        "ends": "it ends as a whole then",
        False: "nothing",
    },
    "backlog": {True: "a hundred clients find room in its queue", False: "nothing"},
    "vanished_clients": {True: "a client that vanishes before it is accepted does not block it", False: "nothing"},
    "keepalive": {False: "nothing", True: "it asks whether the machine of a silent client is still there"},
    "clock": {True: "it goes on when the clock of the day is set", False: "nothing"},
    "sigterm": ENDS,
    "sigint": ENDS,
    "sighup": ENDS,
}
"""What contracts about any server ask for: promise -> values, each with what it means."""
Transport = Literal["tcp", "udp", "unix"]
NOT_BY_MODE = {"ipv4": ("ipv6",), "ipv6": ("ipv4",), "first": ("ipv6", "without_ipv6", "port_in_use")}
"""Bind modes whose name says what they do not promise: another address may still be free to `first`."""


def as_yaml(value: bool | str) -> str:
    """What stands in a subject file for a promise's value."""
    return value if isinstance(value, str) else str(value).lower()


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
    """The command that builds it; several are one, a shell's (see `one_command`)."""
    protocol: str | None = None
    stop: str = "SIGTERM"
    client: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    """Variables of the user's that are handed on, where the platform is this machine."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """Files that are written into the server's work folder before it starts: name -> content."""
    talk: Talk | None = None
    transport: Transport = "tcp"
    starting: Starting = field(default_factory=Starting)
    platforms: tuple[str, ...] = ()
    """Names, or patterns of names, of the platforms that it can run on; empty for any."""
    promises: Mapping[str, bool | str] = field(default_factory=dict)
    """What differs from what any server promises."""
    check: tuple[str, ...] = ()
    """The command that knows whether what the server has confirmed is true."""

    def described(self) -> dict[str, Any]:
        """What the suite has to know of it, as JSON (suite/support/subject.py reads it)."""
        return {
            "name": self.name,
            "root": ".",
            "start": self.start,
            "bind": dict(self.binds),
            "ready": self.ready.described(),
            "protocol": self.protocol,
            "stop": self.stop,
            "client": self.client,
            "environment": dict(self.environment),
            "configuration": dict(self.configuration),
            "talk": self.talk.described() if self.talk else None,
            "transport": self.transport,
            "starting": self.starting.described(),
            "check": self.check,
            "promises": {bind: self._promised(bind) for bind in self.binds},
        }

    def _promised(self, bind: str) -> dict[str, bool | str]:
        usual = {name: next(iter(values)) for name, values in PROMISES.items()}
        by_mode = dict.fromkeys(NOT_BY_MODE.get(bind, ()), False)
        return {**usual, "sighup": "either", **by_mode, **self.promises}
