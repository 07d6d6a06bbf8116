"""The subject's server while it runs: spoken to, looked at, ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from support.address import WILDCARDS, Address
from support.chat import Client
from support.clients import Clients
from support.companions import Companions
from support.deadline import POLL_SECONDS, Deadline, wait_until
from support.differences import Mechanism, check
from support.net import CONNECT_SECONDS, can_bind
from support.output import Output
from support.processes import Left, Process
from support.ready import ending, last_words
from support.starting import NotItsOwn, Started
from support.subject import Promises, Subject
from support.talk import Conversation

T = TypeVar("T")
PAUSE_SECONDS = 10.0


class Server:
    """A running server. `pid` is its first process."""

    def __init__(
        self,
        subject: Subject,
        promises: Promises,
        process: Started,
        addresses: tuple[Address, ...],
        clients: Clients,
        log: Path,
        key: str,
        output: Output,
        mechanisms: Sequence[Mechanism] = (),
        companions: Companions | None = None,
    ) -> None:
        """`mechanisms` are what has to be on in all of its processes; `companions` end with it."""
        self.subject, self.promises, self.process, self.addresses = subject, promises, process, addresses
        self.clients, self.log, self.key = clients, log, key
        self.output = output
        self.port = addresses[0].port
        self._mechanisms, self._companions = mechanisms, companions or Companions()

    @property
    def pid(self) -> int:
        return self.process.pid

    def connect(self, host: str | None = None) -> socket.socket:
        """A connected socket; to the first address bound (loopback for a wildcard) when no host is named."""
        return self._come(host, self.clients.connect)

    def enter(self, host: str | None = None) -> socket.socket:
        """As `connect`, and past the handshake where clients speak TLS."""
        return self._come(host, self.clients.enter)

    def converse(self, host: str | None = None, come: Callable[[], socket.socket] | None = None) -> Conversation:
        """The guests of the subject's talk, connected, or as they `come`, with nothing said yet.

        Raises OSError, Unserved.
        """
        host = host or self.hosts()[0]
        return self.clients.converse(host, self.port, come=come or (lambda: self.enter(host)))

    def conversation(self, host: str | None = None, *, staying: bool = True) -> Conversation:
        """The same, played, unless its first guest is not `staying`, to where that one leaves.

        Raises OSError, Unserved, NotSwitchedOn.
        """

        def come() -> Conversation:
            conversation = self.converse(host)
            try:
                conversation.play(staying=staying)
                self.check_switched_on()  # a process of the client's own is there now
            except BaseException:
                conversation.close()
                raise
            return conversation

        return self._patiently(come)

    def guest(self, host: str | None = None) -> socket.socket:
        """A connected socket whose client was served, and stays. Raises OSError, AssertionError, NotSwitchedOn.

        A client program does not stay: beside one that was served, a connection that says nothing does.
        """
        if self.clients.program:
            return self._silent_guest(host)
        return self.conversation(host).only_first()

    def _silent_guest(self, host: str | None) -> socket.socket:
        if not self.promises["at_once"]:
            self.serve(host)
            return self.connect(host)
        peer = self.connect(host)
        try:
            self.serve(host)  # who came before is accepted by now
        except BaseException:
            peer.close()
            raise
        return peer

    def serve(self, host: str | None = None) -> str:
        """Be a client that is served, and leave; its number {n}. Raises OSError, AssertionError."""
        if self.clients.program:
            number = self._patiently(lambda: self.clients.serve(host or self.hosts()[0], self.port))
            self.check_switched_on()
            return number
        conversation = self.conversation(host, staying=False)
        conversation.close()
        return conversation.number

    def _come(self, host: str | None, connect: Callable[[str, int, float], socket.socket]) -> socket.socket:
        host = host or self.hosts()[0]
        try:
            return self._patiently(lambda: connect(host, self.port, Deadline(CONNECT_SECONDS).seconds))
        except OSError as error:
            known = "listens" if self.subject.ready.names_addresses else "answers"
            listening = ", ".join(map(str, self.addresses))
            raise type(error)(error.errno, f"{error.strerror} (the server {known} on {listening})") from None

    def error(self, host: str | None = None) -> str | None:
        """None where somebody answers, else the errno's name: `ECONNREFUSED`."""
        return self.clients.error(host or self.hosts()[0], self.port)

    def serves(self) -> bool:
        """Whether a client is served."""
        try:
            self.serve()
        except (OSError, AssertionError):
            return False
        return True

    def hosts(self) -> list[str]:
        """An address to connect to for each that it bound: loopback for a wildcard, where this platform has that.

        Without an address of IPv6, `::` can be bound, and ::1 does not exist.
        """
        bound = [address.host for address in self.addresses]
        there = [host for host in bound if host not in WILDCARDS or can_bind(WILDCARDS[host]) is None]
        return [WILDCARDS.get(host, host) for host in there or bound]

    def _patiently(self, come: Callable[[], T]) -> T:
        """One that promises no more than one client at a time may need a moment between two; not one that has ended."""
        deadline = Deadline(0.0 if self.promises["at_once"] else PAUSE_SECONDS)
        while True:
            try:
                return come()
            except (OSError, AssertionError):
                if deadline.passed() or not self.alive():
                    raise
            time.sleep(POLL_SECONDS)  # no event tells when it listens again: poll

    def client(self, host: str | None = None, *, name: str = "probe", since: int | str = 0) -> Client:
        """A client that was welcomed. Raises OSError with the reason, Refused."""
        client = Client(self.connect(host))
        try:
            return client.hello(self.key, name, since)
        except BaseException:
            client.close()
            raise

    def check_switched_on(self) -> None:
        """Raises NotSwitchedOn where a process has not all that is to be on."""
        if self._mechanisms:
            check(self._mechanisms, self.forks())

    def processes(self) -> list[Process]:
        """The parent and all it forked; zombies too."""
        return self.process.processes()

    def forks(self) -> list[int]:
        """The numbers of those that are its own for certain, without zombies while it runs."""
        return self.process.forks()

    def receivers(self) -> list[Process]:
        """The Child RECV processes: the parent's children."""
        return [process for process in self.processes() if process.parent == self.pid]

    def senders(self) -> list[Process]:
        """The Child SEND processes: children of a Child RECV."""
        receivers = {process.pid for process in self.receivers()}
        return [process for process in self.processes() if process.parent in receivers]

    def wait_alone(self, seconds: float = 10.0) -> None:
        """Wait until every child of the parent has ended and was reaped. Raises TimeoutError that lists the rest.

        A zombie whose parent died before it is the system's first process's to reap: containers often have none that
        does.
        """
        wait_until(
            lambda: Left(p for p in self.processes() if p.pid != self.pid and not (p.zombie and p.parent != self.pid)),
            "the server's children to end and be reaped",
            seconds,
        )

    def signal(self, number: int) -> None:
        """To its first process. Raises NotItsOwn where that is the super-server."""
        if self.subject.starting.activation.startswith("inetd"):
            raise NotItsOwn(f"{self.subject.name} is started by a super-server, which is told to stop and to go on")
        os.kill(self.pid, number)

    def stderr(self) -> str:
        return self.output.read("stderr").decode(errors="replace")

    def wait(self, seconds: float = 5.0) -> int:
        """The exit status, or the negative number of the signal that killed it. Raises AssertionError."""
        deadline = Deadline(seconds)
        try:
            return self.process.wait(deadline.seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"the server did not end within {deadline.seconds:.3g} s: {Left(self.processes())}"
            ) from None

    def stop(self, seconds: float = 5.0) -> int:
        """End it as the subject says; the exit status."""
        self.signal(signal.Signals[self.subject.stop])
        return self.wait(seconds)

    def alive(self) -> bool:
        return self.process.poll() is None

    def death(self) -> str:
        """How it ended, with its last words; for one that has."""
        return f"the server (pid {self.pid}) {ending(self.process.returncode or 0)}{last_words(self.stderr())}"

    def end(self) -> None:
        """Leave nothing behind, whatever state it is in: continued, killed, reaped."""
        self.process.end()
        self._companions.end()
        self.output.end()
