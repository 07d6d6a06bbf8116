"""Child RECV: one client -> the log. Asks for HELLO, forks Child SEND, appends messages and multicasts SIGUSR1."""

from __future__ import annotations

import os
import select
import signal
import socket
import time

from chatlib.common.report import Reporter
from chatlib.common.text import LF, LINE_LIMIT, is_clean
from chatlib.server.connection import LINGER, discard, ended, error_line, prepare, receive, refusal, say_last
from chatlib.server.forking import fork_child
from chatlib.server.hello import Hello, RefusedError, parse_hello
from chatlib.server.places import ask_for_place
from chatlib.server.record_log import RecordLog
from chatlib.server.send import run_sender
from chatlib.server.wakeup import Wakeup


class Rules:
    """What every client's processes know."""

    def __init__(self, log: str, key: bytes, auth_timeout: float, report: Reporter) -> None:
        """*auth_timeout* is in seconds, from accept to the whole HELLO line."""
        self.log = log
        self.key = key
        self.auth_timeout = auth_timeout
        self.report = report


class _GoneError(Exception):
    """The parent died, or SEND, or the client reset the connection: there is nobody left to talk to."""


class Receiver:
    """One client from accept to the end of its connection."""

    def __init__(
        self, connection: socket.socket, accepted: float, rules: Rules, parent: socket.socket, ask: int
    ) -> None:
        """Take over *connection*, *accepted* at that time.monotonic().

        EOF of *parent* means that the parent died; a place is asked for through *ask*.
        """
        self._connection = connection
        self._accepted = accepted
        self._rules = rules
        self._parent = parent
        self._ask = ask
        self._buffer = b""
        self._sender: int | None = None
        self._sender_spoke_last = False
        self._lifeline: int | None = None

    def run(self) -> int:
        """Serve the client; return the exit status of the process."""
        prepare(self._connection)
        try:
            self._wakeup = Wakeup((signal.SIGCHLD, signal.SIGALRM, signal.SIGUSR2))
            self._poll = select.poll()
            for descriptor in (self._connection, self._wakeup, self._parent):
                self._poll.register(descriptor, select.POLLIN)
            hello = self._await_hello()
            self._take_place()
            log, offset = self._open_log(hello)
            self._fork_sender(log, offset)
            self._store_messages(log, hello.name)
            self._end()
        except RefusedError as refusal:
            self._refuse(str(refusal))
        except _GoneError:
            self._abandon()
        except OSError as error:
            self._rules.report.line(f"client's process {os.getpid()}: {error.strerror}")
            self._refuse("busy")
        return 0

    def _await_hello(self) -> Hello:
        """Return the client that the first line announces, keep what is behind it. RefusedError, _GoneError."""
        # Counted from accept, and never extended: SIGALRM comes once.
        left = self._accepted + self._rules.auth_timeout - time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))
        while True:
            readable, signals = self._sleep()
            if readable:
                if not self._receive():
                    raise RefusedError("bad-hello")
                line, lf, rest = self._buffer.partition(LF)
                if len(line) > LINE_LIMIT:
                    raise RefusedError("too-long")
                if lf:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    self._buffer = rest
                    return parse_hello(line, self._rules.key)
            # After the look at the socket: a line that had come in time counts, however late we wake up.
            if signal.SIGALRM in signals:
                raise RefusedError("timeout")

    def _take_place(self) -> None:
        """Stay, if there is a place. RefusedError, _GoneError, OSError."""
        self._poll.modify(self._connection, 0)  # what it goes on to send is read once it may stay
        self._wakeup.drain()  # the time for HELLO is over in the moment in which it came: that counts no more
        ask_for_place(self._ask)
        while signal.SIGUSR2 not in (answer := self._sleep()[1]):
            if signal.SIGALRM in answer:
                raise RefusedError("full")
        self._poll.modify(self._connection, select.POLLIN)

    def _open_log(self, hello: Hello) -> tuple[RecordLog, int]:
        """Return the log, opened by this process, and where the client's stream starts. RefusedError."""
        try:
            log = RecordLog(self._rules.log, append=True)
            if hello.since is None:
                return log, log.end()
            if log.is_boundary(hello.since):
                return log, hello.since
        except OSError as error:
            raise self._log_failed(error) from None
        raise RefusedError("bad-since")

    def _fork_sender(self, log: RecordLog, offset: int) -> None:
        reader, self._lifeline = os.pipe()

        def send() -> int:
            assert self._lifeline is not None
            os.close(self._lifeline)
            os.close(self._ask)
            self._wakeup.close()
            log.close()
            return run_sender(self._connection, self._rules.log, offset, reader, self._rules.report)

        self._sender = fork_child(send, self._rules.report)
        os.close(reader)

    def _store_messages(self, log: RecordLog, name: bytes) -> None:
        """Append every line until the client's EOF. RefusedError for a line that is no message, _GoneError."""
        while True:
            self._store_whole_lines(log, name)
            readable, signals = self._sleep()
            if signal.SIGCHLD in signals and self._sender_ended():
                # Killed, or it sent ERR because it could not read the log.
                discard(self._connection, LINGER if self._sender_spoke_last else 0)
                return
            if readable and not self._receive():
                return

    def _store_whole_lines(self, log: RecordLog, name: bytes) -> None:
        """Append the lines in the buffer, the ones before a bad line too, under one lock; multicast. RefusedError."""
        lines = self._buffer.split(LF)
        self._buffer = lines.pop()
        refusal = "too-long" if len(self._buffer) > LINE_LIMIT else None
        records = []
        for line in lines:
            if len(line) > LINE_LIMIT or not is_clean(line):
                refusal = "too-long" if len(line) > LINE_LIMIT else "bad-text"
                break
            records.append(b"<%b> %b\n" % (name, line))
        if records:
            try:
                log.append(records)
            except OSError as error:
                raise self._log_failed(error) from None
            finally:
                # The lock is free again. After a failure too: some of the records may have fitted.
                self._multicast()
        if refusal:
            raise RefusedError(refusal)

    def _multicast(self) -> None:
        """Wake every SEND of this server. The other processes of the group ignore the signal."""
        try:
            os.kill(0, signal.SIGUSR1)
        except OSError as error:
            self._rules.report.line(f"cannot signal the process group: {error.strerror}")

    def _end(self) -> None:
        """After the client's EOF: let SEND send what the log holds, then end. _GoneError."""
        self._close_lifeline()
        self._poll.modify(self._connection, 0)
        while not self._sender_ended():
            if self._sleep()[0]:
                # Reset, or shut in both directions because SEND is done: either way nobody reads any more.
                raise _GoneError

    def _refuse(self, reason: str) -> None:
        """Say `ERR <reason>`, behind everything that was stored before it, and end the connection."""
        if self._sender is None:
            if say_last(self._connection, reason):
                discard(self._connection, LINGER)
            return
        try:
            self._close_lifeline(error_line(reason))
            listening = True
            # Go on reading: a client that writes before it reads would otherwise never come to the ERR line.
            while not self._sender_ended():
                if self._sleep()[0] and listening and ended(self._connection):
                    listening = False
                    self._poll.modify(self._connection, 0)
        except _GoneError:
            self._abandon()
            return
        if listening:
            discard(self._connection, LINGER)

    def _abandon(self) -> None:
        """End SEND at once and reap it."""
        if self._sender is not None:
            os.kill(self._sender, signal.SIGKILL)
            os.waitpid(self._sender, 0)
            self._sender = None

    def _sleep(self) -> tuple[bool, bytes]:
        """Sleep until something happens; say whether it was the client, and which signals came. _GoneError."""
        ready = {descriptor for descriptor, _ in self._poll.poll()}
        if self._parent.fileno() in ready:
            raise _GoneError
        return self._connection.fileno() in ready, self._wakeup.drain()

    def _receive(self) -> bool:
        """Put what came into the buffer; False at EOF. _GoneError after a reset."""
        try:
            chunk = receive(self._connection)
        except OSError:
            raise _GoneError from None
        self._buffer += chunk or b""
        return chunk != b""

    def _sender_ended(self) -> bool:
        """Reap SEND if it ended; say whether it has."""
        if self._sender is not None:
            pid, status = os.waitpid(self._sender, os.WNOHANG)
            if pid == self._sender:
                self._sender = None
                self._sender_spoke_last = status == 0
        return self._sender is None

    def _close_lifeline(self, last_words: bytes = b"") -> None:
        if self._lifeline is None:
            return
        try:
            if last_words:
                os.write(self._lifeline, last_words)
        except BrokenPipeError:
            pass  # SEND died; its end is noticed by the caller.
        os.close(self._lifeline)
        self._lifeline = None

    def _log_failed(self, error: OSError) -> RefusedError:
        self._rules.report.line(f"log {self._rules.log}: {error.strerror}")
        return RefusedError(refusal(error))
