"""Child SEND: the log -> one client. Sleeps until SIGUSR1 announces that the log has grown."""

from __future__ import annotations

import os
import select
import signal
import socket
import time

from chatlib.common.report import Reporter
from chatlib.server.connection import error_line, refusal, say_last
from chatlib.server.record_log import RecordLog
from chatlib.server.wakeup import Wakeup

PATIENCE = 5.0
"""Seconds without progress that a client gets once its connection is ending."""


def run_sender(connection: socket.socket, log_path: str, offset: int, lifeline: int, report: Reporter) -> int:
    """Be Child SEND until the connection ends; return the exit status: 0 when the client was told everything."""
    try:
        # The handler first, the look into the log after it: no append goes unnoticed.
        wakeup = Wakeup((signal.SIGUSR1,))
        log = RecordLog(log_path, append=False)
    except OSError as error:
        report.line(f"log {log_path}: {error.strerror}")
        return 0 if say_last(connection, refusal(error)) else 1
    sender = Sender(connection, log, offset, lifeline, wakeup)
    try:
        return 0 if sender.run() else 1
    except OSError:
        return 1  # The client is gone; trouble with the log is told apart below.
    finally:
        if sender.trouble is not None:
            report.line(f"log {log_path}: {sender.trouble.strerror}")


class Sender:
    """Sends `OK <offset>`, the log's records from there on, and at the lifeline's EOF what RECV left to say."""

    def __init__(self, connection: socket.socket, log: RecordLog, offset: int, lifeline: int, wakeup: Wakeup) -> None:
        """Send on the non-blocking *connection* until EOF of the *lifeline*; SIGUSR1 must wake *wakeup*."""
        self._connection = connection
        self._log = log
        self._offset = offset
        self._lifeline = lifeline
        self._wakeup = wakeup
        self._pending = memoryview(b"OK %d\n" % offset)
        self._last_words = b""
        self._limit: int | None = None
        self._deadline = 0.0
        self.trouble: OSError | None = None

    def run(self) -> bool:
        """Send until the connection ends; False when the client took nothing for 5 s. OSError: it is gone."""
        while True:
            if not self._send_pending():
                return False
            self._wakeup.drain()
            if self._next_records():
                continue
            if self._limit is not None:
                break
            self._sleep(for_room=False)
        self._pending = memoryview(self._last_words)
        if not self._send_pending():
            return False
        self._connection.shutdown(socket.SHUT_WR)
        return True

    def _next_records(self) -> bool:
        """Make the log's next records pending; False when there are none."""
        try:
            records = self._log.read(self._offset, self._limit)
        except OSError as error:
            self._give_up(error)
            return False
        self._offset += len(records)
        self._pending = memoryview(records)
        return bool(records)

    def _send_pending(self) -> bool:
        """Send what is pending; False when the client took nothing for too long. No lock is held here."""
        while self._pending:
            try:
                sent = self._connection.send(self._pending)
            except BlockingIOError:
                if not self._sleep(for_room=True):
                    return False
                continue
            self._pending = self._pending[sent:]
            self._deadline = time.monotonic() + PATIENCE
        return True

    def _sleep(self, *, for_room: bool) -> bool:
        """Sleep until there is something to do; False when the ending connection's time is over."""
        poll = select.poll()
        if for_room:
            poll.register(self._connection, select.POLLOUT)
        else:
            poll.register(self._wakeup, select.POLLIN)
        left = None
        if self._limit is None:
            poll.register(self._lifeline, select.POLLIN)
        else:
            left = max(0.0, self._deadline - time.monotonic()) * 1000
        ready = {descriptor for descriptor, _ in poll.poll(left)}
        if self._lifeline in ready:
            self._hear_last_words()
        return bool(ready)

    def _hear_last_words(self) -> None:
        """Read the lifeline: what comes is sent last; EOF means that this connection ends where the log ends now."""
        words = os.read(self._lifeline, 512)
        if words:
            self._last_words += words
            return
        self._deadline = time.monotonic() + PATIENCE
        try:
            self._limit = self._log.end()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """End the stream here, because the log cannot be read."""
        self.trouble = error
        self._limit = self._offset
        self._last_words = error_line(refusal(error))
        self._deadline = time.monotonic() + PATIENCE
