"""One connection: HELLO, then stdin -> server and server -> stdout in one loop, so that neither waits for the other."""

from __future__ import annotations

import select
import socket
import time

from chatlib.client.errors import LostError
from chatlib.client.keyboard import Keyboard
from chatlib.client.outbox import Outbox
from chatlib.client.stream import Stream
from chatlib.common.errors import ServiceError, reason
from chatlib.common.io import STDIN, STDOUT, write_all
from chatlib.common.report import Reporter
from chatlib.common.text import LINE_LIMIT, is_clean, sanitise

WELCOME_TIMEOUT = 10.0
"""Seconds that the server gets to answer HELLO."""
_PIECE = 65536


class Chat:
    """What lasts over several connections: the input, the messages, the user's name."""

    def __init__(self, name: bytes, key: bytes, report: Reporter) -> None:
        """Chat as *name*."""
        self.name = name
        self.key = key
        self.report = report
        self.keyboard = Keyboard()
        self.outbox = Outbox()

    def read_keyboard(self) -> None:
        """Take what the user typed; in a terminal a line that the server would refuse is refused here."""
        for line in self.keyboard.read():
            if self.keyboard.interactive and (len(line) > LINE_LIMIT or not is_clean(line)):
                self.report.line("not sent: control characters, invalid UTF-8 or more than 4096 bytes")
            else:
                self.outbox.add(line)

    def show(self, lines: list[bytes]) -> None:
        """Print *lines* and tick off the user's own. ServiceError when stdout is closed."""
        mine = b"<" + self.name + b"> "
        for line in lines:
            if line.startswith(mine):
                self.outbox.seen(line[len(mine) :])
        try:
            write_all(STDOUT, "".join(f"{sanitise(line)}\n" for line in lines).encode())
        except OSError as error:
            raise ServiceError(f"cannot write to stdout: {reason(error)}") from None

    def is_over(self) -> bool:
        """Say whether the input has ended and every message was seen."""
        return self.keyboard.ended and self.outbox.all_seen()


class Conversation:
    """One connection of a chat."""

    def __init__(self, connection: socket.socket, chat: Chat, since: int | None) -> None:
        """Talk on the non-blocking *connection*, the stream starting at *since*; None is the log's end."""
        self._connection = connection
        self._chat = chat
        self._hello = b"HELLO %b %b %b\n" % (chat.key, chat.name, b"end" if since is None else b"%d" % since)
        self._half_closed = False
        self._sent_messages = False
        self._cannot_send = ""
        self._welcome_due = time.monotonic() + WELCOME_TIMEOUT
        self.stream = Stream(since)

    def run(self) -> None:
        """Talk until the input has ended and the server has sent everything up to the last message.

        LostError when the connection ends before, RefusedByServerError, ServiceError.
        """
        try:
            while True:
                readable, writable = self._sleep()
                if self._connection in readable and not self._receive():
                    return self._at_end_of_stream()
                if STDIN in readable:
                    self._chat.read_keyboard()
                if writable:
                    self._send()
                self._half_close_if_done()
        except OSError as error:
            raise LostError(f"connection lost: {reason(error)}") from None
        finally:
            self._chat.outbox.connection_lost()

    def _sleep(self) -> tuple[list[socket.socket | int], list[socket.socket]]:
        """Sleep until stdin or the connection is ready."""
        chat = self._chat
        welcome = self.stream.welcome
        reading: list[socket.socket | int] = [self._connection]
        if welcome and not chat.keyboard.ended and chat.outbox.has_room():
            reading.append(STDIN)
        sending = not self._cannot_send and (self._hello or (welcome and chat.outbox.has_waiting()))
        writing = [self._connection] if sending else []
        left = None if welcome else max(0.0, self._welcome_due - time.monotonic())
        readable, writable, _ = select.select(reading, writing, [], left)
        if left == 0 and not readable:
            raise LostError(f"no answer to HELLO within {WELCOME_TIMEOUT:.0f} s")
        return readable, writable

    def _receive(self) -> bool:
        """Take what came; False at EOF."""
        data = self._connection.recv(_PIECE)
        if not data:
            return False
        welcome_before = self.stream.welcome
        received = self.stream.take(data)
        if self._chat.keyboard.interactive and self.stream.welcome and not welcome_before:
            self._chat.report.line("connected; Ctrl-D leaves")
        self._chat.show(received.lines)
        if received.refusal is not None:
            raise received.refusal
        return True

    def _send(self) -> None:
        # Messages only after OK: what a refused connection never took is not lost.
        try:
            if self._hello:
                self._hello = self._hello[self._connection.send(self._hello) :]
                return
            self._chat.outbox.sent(self._connection.send(self._chat.outbox.next_bytes()))
        except ConnectionError as error:
            # What the server sent before it hung up, an ERR line perhaps, is still to be read.
            self._cannot_send = reason(error)
            return
        self._sent_messages = True

    def _half_close_if_done(self) -> None:
        """Tell the server that nothing more will be sent; it sends what it has and closes."""
        done = self.stream.welcome and self._chat.keyboard.ended and not self._chat.outbox.has_waiting()
        if done and not self._half_closed:
            self._half_closed = True
            self._connection.shutdown(socket.SHUT_WR)

    def _at_end_of_stream(self) -> None:
        """Decide whether the server was done or the connection was lost."""
        if self._cannot_send:
            raise LostError(f"connection lost: {self._cannot_send}")
        if not self._half_closed or self.stream.has_part():
            raise LostError("the server ended the connection")
        # Nothing was sent here, so what is unseen even now came to nothing on an earlier connection.
        if not self._chat.is_over() and self._sent_messages:
            raise LostError("the server ended the connection before every message was seen")
