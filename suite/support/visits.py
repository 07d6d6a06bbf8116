"""Clients of a server that is tried hard: who is served, who stays, and whether what they were told is true.

A server of the chat protocol gets clients that say something and wait until it comes back; any other gets its `talk`.
"""

import re
import select
import socket
from pathlib import Path

from support.own_check import asks_the_server, wrong_by_own_check
from support.server import Server

VISIT_SECONDS = 3.0
RECORD = re.compile(rb"<[^>\n]*> [^\n]*|[^\n]*\x18")
"""Of the chat log, without its newline (chat/PROTOCOL.md)."""


class Visits:
    """Comes to one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._chat = server.subject.protocol == "chat"
        server.clients.seconds = VISIT_SECONDS  # many are not to be served
        self._confirmed: list[str] = []
        """What was said, and came back; or the numbers {n} of those that were served."""
        self.lost = 0
        """How many clients were not served."""
        self._came = 0

    def come(self) -> bool:
        """One more client, which leaves; whether it was served."""
        self._came += 1
        try:
            if self._chat:
                self._say(f"message-{self._came}")
            else:
                self._confirmed.append(self._server.serve())
        except (OSError, AssertionError, EOFError):
            self.lost += 1
            return False
        return True

    def _say(self, text: str) -> None:
        with self._server.client(name=f"visitor-{self._came}", since="end") as client:
            client.seconds = VISIT_SECONDS
            client.send(text)
            while client.receive(VISIT_SECONDS) != text:
                pass
        self._confirmed.append(text)

    def stay(self) -> socket.socket:
        """One that was served, and stays. Raises OSError, AssertionError."""
        return self._server.client(name="stays").socket if self._chat else self._server.guest()

    def asked(self) -> str:
        """What a client was told, and is not so, by a check that asks the server; empty for nothing, and for one that
        has ended. Raises CannotCheck.
        """
        check = self._server.subject.check
        if not asks_the_server(check) or not self._server.alive():
            return ""
        return wrong_by_own_check(self._server, self._confirmed)

    def untrue(self) -> str:
        """What a client was told, and is not so; empty for nothing. Once the server has ended. Raises CannotCheck."""
        wrong = log_is_wrong(self._server.log, self._confirmed) if self._chat else ""
        check = self._server.subject.check
        if wrong or not check or asks_the_server(check):
            return wrong
        return wrong_by_own_check(self._server, self._confirmed)


def log_is_wrong(log: Path, confirmed: list[str]) -> str:
    """What is lost, doubled or torn of what was confirmed to its sender."""
    data = log.read_bytes() if log.exists() else b""
    lines = data.split(b"\n")
    for text in confirmed:
        times = sum(line.endswith(b"> " + text.encode()) for line in lines)
        if times != 1:
            return f"{text!r} was confirmed, and is in the log {times} times"
    torn = next((line for line in lines[:-1] if not RECORD.fullmatch(line)), None)
    return "" if torn is None else f"a torn record in the log: {torn[:80]!r}"


def undisturbed(guest: socket.socket) -> bool:
    """Whether a client that stays has still its connection."""
    poller = select.poll()
    poller.register(guest, getattr(select, "POLLRDHUP", 0))
    return not poller.poll(0)


def one_that_stays(server: Server, visits: Visits) -> socket.socket:
    """A client that was served and stays; who serves one at a time would serve no other beside it: it has left again.

    Raises OSError, AssertionError.
    """
    guest = visits.stay()
    if not server.promises["at_once"]:
        guest.close()
    return guest
