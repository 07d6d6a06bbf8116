"""What a client gets: the server's first words, the answer to a request, or a message through the chat."""

import re
import secrets
import socket
import time
from dataclasses import dataclass, replace
from typing import Protocol

from anyunix.check.dialer import Dialer
from anyunix.check.reach import NO_TIMING, TRIES, Timing
from anyunix.check.tls import why
from anyunix.text import safe

ANSWER_BYTES = 65536
BANNER_SECONDS = 0.5
NAME = "anyunix-check"


@dataclass(frozen=True)
class Reply:
    """What came back to one client."""

    served: bool
    said: str
    """The first line, safe to print; what went wrong when it was not served."""
    round_trip: Timing = NO_TIMING
    essence: str = ""
    """What has to be the same by all addresses, where that is not all of `said`: greetings have clocks and counters."""
    doubtful: bool = False
    """Served, with an answer that is a mistake of the client's or of whoever wrote the URL: status 404."""


class Exchange(Protocol):
    """A way to be a client."""

    @property
    def proves(self) -> bool:
        """Whether an answer proves that the server serves, and not only the kernel's queue."""

    @property
    def request(self) -> bytes:
        """What a client sends first."""

    def once(self, peer: socket.socket, until: float) -> Reply:
        """Be a client on a connected socket, until that time.monotonic(). OSError is the caller's."""

    def measured(self, dialer: Dialer, address: str) -> Reply:
        """Be several clients, for the time that one round trip takes."""


@dataclass(frozen=True)
class Request:
    """Something sent, and something that has to come back."""

    request: bytes
    expected: re.Pattern[bytes]
    proof: str = ""
    """What has to come back, in words; empty: something like `expected`."""
    proves: bool = True
    doubt: str = ""
    """How the first group of `expected` begins when the answer is doubtful; empty: never."""

    def once(self, peer: socket.socket, until: float) -> Reply:
        begun = time.monotonic()
        peer.sendall(self.request)
        came = b""
        while not (found := self.expected.search(came)):
            try:
                piece = receive(peer, until)
            except TimeoutError:
                if not came:
                    raise
                piece = b""
            if not piece or len(came) > ANSWER_BYTES:
                return Reply(False, self.instead(came))
            came += piece
        return self.reply(found, first_words(came), (time.monotonic() - begun) * 1000)

    def reply(self, found: re.Match[bytes], said: str, milliseconds: float) -> Reply:
        """What came is what was asked for."""
        essence = found[1].decode("latin-1") if self.proof and found.re.groups else ""
        doubtful = bool(self.doubt) and essence.startswith(self.doubt)
        return Reply(True, said, Timing((milliseconds,)), essence, doubtful)

    def instead(self, came: bytes) -> str:
        """Why what came is not what was asked for."""
        asked = self.proof or f"answer like {self.expected.pattern.decode('latin-1')!r}"
        return f"no {asked}, but {first_words(came)!r}{self._hint(came)}"

    def _hint(self, came: bytes) -> str:
        r"""`$` stands before \n alone, and many protocols end their lines with \r\n."""
        almost = b"\r" in came and self.expected.search(came.replace(b"\r", b""))
        return r" (without its \r it would match: write \r?$ for the end of a line)" if almost else ""

    def measured(self, dialer: Dialer, address: str) -> Reply:
        return _several(self, dialer, address)


@dataclass(frozen=True)
class Banner:
    """Nothing sent; what the server sends of its own accord within half a second."""

    request: bytes = b""
    proves: bool = False

    def once(self, peer: socket.socket, until: float) -> Reply:
        begun = time.monotonic()
        try:
            came = receive(peer, min(until, begun + BANNER_SECONDS))
        except TimeoutError:
            return Reply(True, "")
        took = Timing(((time.monotonic() - begun) * 1000,)) if came else NO_TIMING
        return Reply(bool(came), first_words(came) if came else "it closes the connection at once", took)

    def measured(self, dialer: Dialer, address: str) -> Reply:
        return answer_of(self, dialer, address)


@dataclass(frozen=True)
class Chat:
    """The chat protocol, with its key: messages of this program's own, in the chat's log for good."""

    key: str
    proves: bool = True

    @property
    def request(self) -> bytes:
        return f"HELLO {self.key} {NAME} end\n".encode()

    def once(self, peer: socket.socket, until: float) -> Reply:
        return self.talk(peer, peer, until)

    def talk(self, sender: socket.socket, receiver: socket.socket, until: float, times: int = 1) -> Reply:
        """Messages that go in on one connection and have to come out of the other."""
        for peer in {sender, receiver}:
            peer.sendall(self.request)
            line = read_line(peer, until)
            if not line.startswith(b"OK "):
                return Reply(False, f"it does not welcome the client: {first_words(line)!r}")
        took = []
        for _ in range(times):
            text = f"{NAME} {secrets.token_hex(8)}"
            begun = time.monotonic()
            sender.sendall(f"{text}\n".encode())
            while (line := read_line(receiver, until)) != f"<{NAME}> {text}\n".encode():
                if not line.endswith(b"\n"):
                    return Reply(False, "the message does not come back: the connection ends")
            took.append((time.monotonic() - begun) * 1000)
        return Reply(True, "OK", Timing(tuple(took)))

    def measured(self, dialer: Dialer, address: str) -> Reply:
        try:
            with dialer.dial(address) as peer:
                return self.talk(peer, peer, time.monotonic() + dialer.seconds, TRIES)
        except OSError as error:
            return Reply(False, why(error, dialer.seconds))

    def across(self, dialer: Dialer, one: str, other: str) -> Reply:
        """A message from a client of one address to a client of the other, and one back."""
        try:
            with dialer.dial(one) as first, dialer.dial(other) as second:
                there = self.talk(first, second, time.monotonic() + dialer.seconds)
            with dialer.dial(one) as first, dialer.dial(other) as second:
                return self.talk(second, first, time.monotonic() + dialer.seconds) if there.served else there
        except OSError as error:
            return Reply(False, why(error, dialer.seconds))


def answer_of(exchange: Exchange, dialer: Dialer, address: str) -> Reply:
    """Be one client of an address."""
    try:
        with dialer.dial(address) as peer:
            return exchange.once(peer, time.monotonic() + dialer.seconds)
    except (OSError, ValueError) as error:  # ValueError: TLS can ask for no such name
        return Reply(False, why(error, dialer.seconds))


def receive(peer: socket.socket, until: float, limit: int = ANSWER_BYTES) -> bytes:
    """What comes next, empty at the end. Raises TimeoutError at that time.monotonic(), however much came before."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    peer.settimeout(left)
    return peer.recv(limit)


def read_line(peer: socket.socket, until: float) -> bytes:
    """Up to LF; what came without one at the end, or beyond 64 KiB. Raises OSError."""
    line = b""
    while not line.endswith(b"\n") and len(line) < ANSWER_BYTES:
        piece = receive(peer, until, 1)
        if not piece:
            break
        line += piece
    return line


def _several(exchange: Exchange, dialer: Dialer, address: str) -> Reply:
    answers = []
    for _ in range(TRIES):
        answers.append(answer_of(exchange, dialer, address))
        if not answers[-1].served:
            return answers[-1]
    took = tuple(each for answer in answers for each in answer.round_trip.milliseconds)
    return replace(answers[0], round_trip=Timing(took))


def first_words(data: bytes) -> str:
    """The first line of what came, safe to print."""
    return safe(data.decode("utf-8", errors="replace").strip().partition("\n")[0].rstrip())[:200]
