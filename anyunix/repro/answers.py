"""What on_platform.py sends back, as types. It comes from a platform: nothing in it is safe to print as it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from anyunix.text import first_line


@dataclass(frozen=True)
class Run:
    """One bind mode tried."""

    bind: str
    bound: tuple[str, ...]
    """`address:port`, as the server's ready line names them."""
    answers: Mapping[str, str]
    """Loopback address -> `served`, else the name of the error."""
    calls: tuple[str, ...]
    """strace's lines; empty where it was not asked, or is not at hand."""
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
    no_trace: str = ""
    """Why there are no system calls to show."""

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
    sender: int
    """Process ID of Child SEND."""
    alive: bool
    """Whether it lived at the end."""
    stored: tuple[str, ...]
    """The texts in the server's log."""
    calls: tuple[str, ...]
    no_trace: str = ""

    @property
    def arrived(self) -> int:
        return sum(message.arrived for message in self.messages)

    def of_sender(self) -> tuple[str, ...]:
        """strace's lines about Child SEND, without its number."""
        lines = (line.split(None, 1) for line in self.calls)
        return tuple(words[1] for words in lines if len(words) == 2 and words[0] == str(self.sender))

    @property
    def ending(self) -> str:
        """`killed by SIGUSR1`, from strace's last line about Child SEND; empty when nobody saw it."""
        ends = [line.strip("+ ") for line in self.of_sender() if line.startswith("+++")]
        return first_line(ends[-1]) if ends else ""
