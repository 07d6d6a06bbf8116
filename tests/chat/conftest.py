"""Both chat servers and both clients, started as real processes and ended for certain.

Every wait has a deadline and says in its error what it waited for.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CHAT = Path(__file__).resolve().parents[2] / "chat"
DEADLINE = 10.0
"""Seconds that anything may take before a test fails; everything here takes a fraction of one."""
KEY = "0123456789abcdef" * 8


class Finished(NamedTuple):
    """What a program left behind."""

    status: int
    out: str
    err: str


class Program:
    """A process with pipes for stdin, stdout and stderr."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Watch over *process*."""
        self.process = process

    @property
    def pid(self) -> int:
        """The process ID."""
        return self.process.pid

    def line(self) -> str:
        """Return the next line of stdout with its LF, or what came before EOF."""
        assert self.process.stdout is not None
        return read_line(self.process.stdout.fileno(), f"a line on the stdout of {self.process.args!r}")

    def type(self, text: str) -> None:
        """Write *text* to stdin."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())

    def close_stdin(self) -> None:
        """End the input."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def finish(self, stdin: bytes | None = None) -> Finished:
        """Write *stdin*, close it, wait for the end."""
        out, err = self.process.communicate(stdin, timeout=DEADLINE)
        return Finished(self.process.returncode, out.decode(), err.decode())

    def end(self) -> None:
        """End the process, and the server's whole process group if it has one, whatever state they are in."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(3)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


class Peer:
    """A client of the protocol, byte for byte as the test wants it."""

    def __init__(self, port: int, since: str = "0", name: str = "peer") -> None:
        """Connect to 127.0.0.1 and say HELLO."""
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self._stream = self.socket.makefile("rb")
        self.socket.sendall(f"HELLO {KEY} {name} {since}\n".encode())
        self.welcome = self.line()

    def line(self) -> str:
        """Return the next line with its LF; empty at EOF."""
        return self._stream.readline().decode()

    def say(self, text: str) -> None:
        """Send one message."""
        self.socket.sendall(f"{text}\n".encode())

    def rest(self) -> str:
        """Return everything up to EOF; a reset ends it too."""
        with suppress(ConnectionResetError):
            return self._stream.read().decode()
        return ""

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self.socket.close()


@dataclass(frozen=True)
class Server:
    """A server that printed its ready line."""

    program: Program
    ready: str
    log: Path

    @property
    def port(self) -> int:
        """The port that all of its addresses have."""
        return int(self.ready.split()[1].rpartition(":")[2])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Finished:
        """Send the signal and wait for the end."""
        self.program.process.send_signal(number)
        return self.program.finish()


@pytest.fixture(scope="session")
def c_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the C server and client, built from a copy of chat/c."""
    compiler, make = shutil.which(os.environ.get("CC", "cc")), shutil.which("make")
    if compiler is None or make is None:
        pytest.skip("no C compiler or no make here")
    if not (CHAT / "c" / "Makefile").exists():
        pytest.skip("chat/c has no Makefile")
    folder = tmp_path_factory.mktemp("chat") / "c"
    shutil.copytree(CHAT / "c", folder, ignore=shutil.ignore_patterns("*.o", "bin"))
    built = subprocess.run([make], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if built.returncode != 0:
        pytest.fail(f"make in chat/c failed:\n{built.stdout}{built.stderr}", pytrace=False)
    return folder


@pytest.fixture(params=["python", "c"], ids=lambda name: f"{name}-server")
def server_argv(request: pytest.FixtureRequest) -> list[str]:
    """The command that starts a server, without options: of each implementation."""
    return command(request, "server")


@pytest.fixture(params=["python", "c"], ids=lambda name: f"{name}-client")
def client_argv(request: pytest.FixtureRequest) -> list[str]:
    """The command that starts a client, without options: of each implementation."""
    return command(request, "client")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with the server's key, 128 hexadecimal digits, that only its owner can read."""
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Start a program with pipes; every one is ended with the test."""
    programs: list[Program] = []

    def started(argv: list[str], **options: Any) -> Program:
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        program = Program(subprocess.Popen(argv, bufsize=0, **{**pipes, **options}))
        programs.append(program)
        return program

    yield started
    for program in reversed(programs):
        program.end()


@pytest.fixture
def start_server(
    start: Callable[..., Program], server_argv: list[str], key_file: Path, tmp_path: Path
) -> Callable[..., Server]:
    """Start a server on a free port and wait for its ready line."""

    def started(*options: str, log: Path = tmp_path / "chat.log", **popen: Any) -> Server:
        program = start([*server_argv, "--log", str(log), "--key-file", str(key_file), *options], **popen)
        ready = program.line()
        if not ready.startswith("READY "):
            finished = program.finish()
            pytest.fail(f"no ready line, exit status {finished.status}: {ready}{finished.err}")
        return Server(program, ready, log)

    return started


@pytest.fixture
def connect() -> Iterator[Callable[..., Peer]]:
    """Connect a Peer to a port; every one is closed with the test."""
    peers: list[Peer] = []

    def connected(port: int, since: str = "0", name: str = "peer") -> Peer:
        peers.append(Peer(port, since, name))
        return peers[-1]

    yield connected
    for peer in peers:
        peer.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool], str], None]:
    """Wait, with a deadline, for a condition that no event announces."""

    def until(condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"waited {DEADLINE:.0f} s for {what}")
            select.select([], [], [], 0.01)

    return until


def command(request: pytest.FixtureRequest, program: str) -> list[str]:
    """Return the command for *program* (server, client) of the implementation that the fixture is about."""
    if request.param == "c":
        return [str(request.getfixturevalue("c_folder") / "bin" / program)]
    return [sys.executable, str(CHAT / "python" / f"{program}.py")]


def read_line(descriptor: int, what: str) -> str:
    """Return the next line from *descriptor* with its LF, or what came before EOF; not a byte more is read."""
    line = b""
    deadline = time.monotonic() + DEADLINE
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            pytest.fail(f"waited {DEADLINE:.0f} s for {what}, got {line!r}")
        byte = os.read(descriptor, 1)
        if not byte:
            break
        line += byte
    return line.decode()
