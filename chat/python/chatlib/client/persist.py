"""Connection after connection, until everything is sent and seen or it is time to give up."""

from __future__ import annotations

import select
import time

from chatlib.client.connect import connect_to
from chatlib.client.conversation import Chat, Conversation
from chatlib.client.errors import LostError, RefusedByServerError
from chatlib.client.options import Options
from chatlib.common.errors import ServiceError
from chatlib.common.io import STDIN
from chatlib.common.report import Reporter
from chatlib.common.text import sanitise, sanitise_text

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
_PASSING = ("full", "busy", "timeout")
"""The server's reasons that may be gone at the next try."""

DONE, UNCONFIRMED, REFUSED = 0, 1, 3


class Persistence:
    """Remembers how far the stream was read, and how often in a row it went wrong."""

    def __init__(self, options: Options, key: bytes, report: Reporter) -> None:
        """Prepare; nothing is connected yet."""
        self._options = options
        self._report = report
        self._chat = Chat(options.name, key, report)
        self._since = options.since
        self._failures = 0

    def run(self) -> int:
        """Chat; return the exit status."""
        try:
            status = self._connect_until_done()
        except ServiceError as error:
            self._report.line(str(error))
            status = UNCONFIRMED
        return self._account(status)

    def _connect_until_done(self) -> int:
        while True:
            try:
                self._connect_once()
                return DONE
            except LostError as error:
                trouble, status = str(error), UNCONFIRMED
            except RefusedByServerError as error:
                trouble, status = f"refused by the server: {sanitise_text(str(error))}", REFUSED
                if str(error) not in _PASSING:
                    self._report.line(trouble)
                    return status
            if self._failures >= self._options.retries:
                self._report.line(f"{trouble}; giving up")
                return status
            pause = min(FIRST_PAUSE * 2 ** min(self._failures, 10), LONGEST_PAUSE)
            self._failures += 1
            self._report.line(f"{trouble}; trying again in {pause:.1f} s")
            if self._wait(pause):
                return DONE

    def _connect_once(self) -> None:
        """Have one conversation to its end. LostError, RefusedByServerError, ServiceError."""
        with connect_to(self._options.host, self._options.port) as connection:
            began = time.monotonic()
            conversation = Conversation(connection, self._chat, self._since)
            try:
                conversation.run()
            finally:
                stream = conversation.stream
                # A server that answers OK and ends at once, over and over, is tried --retries times, not for ever.
                if stream.brought_records or (stream.welcome and time.monotonic() - began > LONGEST_PAUSE):
                    self._failures = 0
                self._since = stream.offset

    def _wait(self, seconds: float) -> bool:
        """Wait for *seconds*; True when a user at a terminal leaves meanwhile and has nothing outstanding."""
        chat = self._chat
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if chat.is_over() and chat.keyboard.interactive:
                return True
            watched = [STDIN] if chat.keyboard.interactive and not chat.keyboard.ended else []
            if select.select(watched, [], [], left)[0]:
                chat.read_keyboard()
        return False

    def _account(self, status: int) -> int:
        """Name the messages that were not seen in the stream; return the exit status with that in mind."""
        outbox = self._chat.outbox
        for text in outbox.unseen():
            self._report.line(f"sent, but not confirmed: {sanitise(text)}")
        for text in outbox.unsent():
            self._report.line(f"not sent: {sanitise(text)}")
        if status == DONE and not outbox.all_seen():
            return UNCONFIRMED
        return status
