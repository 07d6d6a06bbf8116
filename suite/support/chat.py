"""A client of the chat protocol (chat/PROTOCOL.md) that a probe holds in its hand, byte by byte if need be."""

import socket
from dataclasses import dataclass
from types import TracebackType

from support.deadline import Deadline
from support.net import show

WAIT_SECONDS = 10.0
CANCELLED = b"\x18\n"


class Refused(AssertionError):
    """The server answered `ERR <reason>`; `reason` is the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the server answered ERR {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Record:
    """One record of the chat log: `<name> text`."""

    name: str
    text: str


class Client:
    """One connection. Lines and records are bytes on the wire, text to the probe."""

    def __init__(self, peer: socket.socket, seconds: float = WAIT_SECONDS) -> None:
        self.socket = peer
        self.seconds = seconds
        self.offset = 0
        """Where the next record starts in the log, bytes; what to come back with as `since`."""
        self._received = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send_raw(self, data: bytes) -> None:
        self.socket.settimeout(Deadline(self.seconds).seconds)
        self.socket.sendall(data)

    def send(self, *texts: str) -> None:
        """Send messages, one per line, in one write."""
        self.send_raw("".join(f"{text}\n" for text in texts).encode())

    def hello(self, key: str, name: str = "probe", since: int | str = 0) -> "Client":
        """Say who this is and wait for OK. Raises Refused."""
        self.send_raw(f"HELLO {key} {name} {since}\n".encode())
        return self.welcomed()

    def welcomed(self) -> "Client":
        """Wait for the answer to a HELLO that was sent by hand. Raises Refused, EOFError, TimeoutError."""
        word, _, rest = self.line().decode().partition(" ")
        if word == "ERR":
            raise Refused(rest)
        assert word == "OK" and rest.isdigit(), f"expected OK <offset>, the server answered {word!r} {rest!r}"
        self.offset = int(rest)
        return self

    def line(self, deadline: Deadline | None = None) -> bytes:
        """The next line without its LF. Raises EOFError, TimeoutError, ConnectionResetError."""
        deadline = deadline or Deadline(self.seconds)
        while b"\n" not in self._received:
            self._received += self._receive(deadline)
        line, self._received = self._received.split(b"\n", 1)
        return line

    def record(self, deadline: Deadline | None = None) -> Record:
        """The next record; moves `offset` behind it. Raises Refused for an ERR line."""
        line = self.line(deadline)
        if line.startswith(b"ERR "):
            raise Refused(line[4:].decode())
        self.offset += len(line) + 1
        if line.endswith(CANCELLED[:1]):
            return self.record(deadline)  # a torn record that was ended: nothing to see
        name, bracket, text = line.partition(b"> ")
        assert name.startswith(b"<") and bracket, f"not a record of the log: {line[:200]!r}"
        return Record(name[1:].decode(), text.decode())

    def receive(self, seconds: float | None = None) -> str:
        """The text of the next record, whoever said it."""
        return self.record(Deadline(seconds or self.seconds)).text

    def receive_many(self, count: int, seconds: float = 20.0) -> list[str]:
        """The texts of the next `count` records, all of them within `seconds`."""
        deadline = Deadline(seconds)
        return [self.record(deadline).text for _ in range(count)]

    def finish(self) -> list[str]:
        """Shut the sending side and return the texts of all records until the server closes. Raises Refused."""
        self.socket.shutdown(socket.SHUT_WR)
        texts = []
        deadline = Deadline(self.seconds)
        while True:
            try:
                texts.append(self.record(deadline).text)
            except EOFError:
                return texts

    def refusal(self) -> str:
        """Wait for `ERR <reason>` behind any records, and for the end of the connection; the reason."""
        while True:
            try:
                self.record()
            except Refused as refused:
                assert self.ended(), f"the connection stayed open after ERR {refused.reason}"
                return refused.reason

    def ended(self) -> bool:
        """Wait for the server to end the connection; False when it sends something instead."""
        try:
            return not self._received and not self._receive(Deadline(self.seconds), end=b"")
        except ConnectionResetError:
            return True

    def _receive(self, deadline: Deadline, end: bytes | None = None) -> bytes:
        left = deadline.left()
        if left == 0:
            raise TimeoutError(f"nothing from {self._peer()} in {deadline.seconds:g} s")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise TimeoutError(f"nothing from {self._peer()} in {deadline.seconds:g} s") from None
        if data:
            return data
        if end is not None:
            return end
        behind = f" after {self._received!r}" if self._received else ""
        raise EOFError(f"{self._peer()} closed the connection{behind}")

    def _peer(self) -> str:
        try:
            return show(*self.socket.getpeername()[:2])
        except OSError:
            return "the server"
