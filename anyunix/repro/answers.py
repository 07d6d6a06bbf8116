"""What repro_remote.py sends back, as types. It comes from a platform: nothing in it is safe to print as it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from anyunix.trace.records import Record, steps_in

SENDER = "SEND 1"
HANDLER = "sigaction(SIGUSR1, handler, "


@dataclass(frozen=True)
class Run:
    """One bind mode tried."""

    bind: str
    bound: tuple[str, ...]
    """`address:port`, as the server's ready line names them."""
    answers: Mapping[str, str]
    """Loopback address -> `served`, else the name of the error."""
    problem: str = ""

    def served(self, host: str) -> bool:
        return self.answers.get(host) == "served"

    @property
    def refuses_ipv4_alone(self) -> bool:
        return self.served("::1") and not self.served("127.0.0.1")


@dataclass(frozen=True)
class Families:
    """Who is served on one platform."""

    v6only: int | None
    """The default of IPV6_V6ONLY; None without IPv6."""
    order: tuple[str, ...]
    """Of getaddrinfo(NULL, AI_PASSIVE)."""
    runs: tuple[Run, ...]
    record: Record
    """The system calls of the first of them."""

    @property
    def breeds_the_bug(self) -> bool:
        """Whether the first address that getaddrinfo offers is `::`, and a socket bound to it excludes IPv4."""
        return self.v6only == 1 and self.order[:1] == ("::",)


@dataclass(frozen=True)
class Message:
    """What became of one message."""

    text: str
    arrived: bool
    said: str


@dataclass(frozen=True)
class Messages:
    """A conversation of one client with itself, message by message, until one does not come back."""

    messages: tuple[Message, ...]
    alive: bool
    """Whether Child SEND lived at the end."""
    stored: tuple[str, ...]
    """The texts in the server's log."""
    record: Record

    @property
    def arrived(self) -> int:
        return sum(message.arrived for message in self.messages)

    @property
    def of_sender(self) -> tuple[str, ...]:
        """What Child SEND did; empty when it was not traced."""
        return tuple(step.text for step in steps_in(self.record).get(SENDER, ()))

    @property
    def handler_flags(self) -> str:
        """The sa_flags with which its handler for SIGUSR1 was installed; empty when it was not traced."""
        flags = [step.removeprefix(HANDLER).rstrip(")") for step in self.of_sender if step.startswith(HANDLER)]
        return flags[-1] if flags else ""

    @property
    def ending(self) -> str:
        """`killed by SIGUSR1`; empty when it was not traced."""
        ends = [step for step in self.of_sender if step.startswith(("killed", "exited"))]
        return ends[-1] if ends else ""
