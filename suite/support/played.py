"""The subject's own client program against a server that the probe plays, byte by byte."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import socket

from support.chat import Client
from support.child import readable
from support.deadline import Deadline, wait_until
from support.launcher import Launcher
from support.net import listen, port_of
from support.program import client_command

SECONDS = 20.0
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ended:
    """A client program that has ended."""

    status: int
    """Its exit status, or the negative number of the signal that killed it."""
    stdout: str
    stderr: str


class Played:
    """A client program that runs, and the listener that it was sent to."""

    def __init__(self, listener: socket, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._listener = listener

    def accept(self) -> Client:
        """The program's next connection, held by the server's end. Raises TimeoutError, AssertionError."""
        wait_until(lambda: self._has_come() or self.process.poll() is not None, "the client to connect", SECONDS)
        assert self._has_come(), f"the client ended instead of connecting: {self.ended()}"
        return Client(self._listener.accept()[0])

    def welcome(self, offset: int, *, since: int | str | None = None) -> Client:
        """The program's next connection, with its HELLO answered; `since` is what it has to ask for."""
        connection = self.accept()
        hello = connection.line().decode()
        assert hello.startswith("HELLO "), hello
        if since is not None:
            assert hello.split(" ")[3] == str(since), "the offset that it comes back with"
        connection.send(f"OK {offset}")
        return connection

    def line(self) -> str:
        """The next line of its stdout, with its LF."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode()

    def _has_come(self) -> bool:
        return readable(self._listener.fileno(), 0)

    def ended(self) -> Ended:
        """Its end, with the input ended. Raises subprocess.TimeoutExpired."""
        stdout, stderr = self.process.communicate(timeout=Deadline(SECONDS).seconds)
        return Ended(self.process.returncode, stdout.decode(), stderr.decode())


@contextmanager
def played(
    launcher: Launcher, *options: str, given: str = "", address: str = HOST, name: str = HOST, front: Sequence[str] = ()
) -> Iterator[Played]:
    """Start the client program, sent to `name`, whose `address` the probe listens on. `given` is its whole input.

    `front` is a command in front of it.
    """
    command = client_command(launcher)
    with listen(address) as listener:
        process = subprocess.Popen(
            [*front, *command, "--name", "ada", *options, name, str(port_of(listener))],
            cwd=launcher.subject.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        try:
            assert process.stdin is not None
            process.stdin.write(given.encode())
            process.stdin.close()
            process.stdin = None
            yield Played(listener, process)
        finally:
            process.kill()
            with suppress(ValueError):  # its output was closed
                process.communicate()


def at_its_end(connection: Client) -> None:
    """Wait until the client has nothing more to say. Raises TimeoutError, AssertionError."""
    assert connection.ended(), "it said something more"
