"""The subject's server, started for one probe and gone after it."""

import os
import re
import resource
import secrets
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support.chat import Client
from support.child import describe_status
from support.deadline import Deadline, wait_until
from support.net import connect, show
from support.processes import Process, kill_all, processes_of
from support.subject import Subject
from support.tool import Record, Tool

READY_SECONDS = 15.0
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class NotReady(AssertionError):
    """The server did not say that it listens; carries what it said and its exit status."""

    def __init__(self, message: str, stderr: str, returncode: int | None) -> None:
        super().__init__(f"{message}\nstderr: {stderr.strip() or '(empty)'}")
        self.stderr, self.returncode = stderr, returncode


@dataclass(frozen=True)
class Address:
    """One address that the server says it bound."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        host, _, port = text.rpartition(":")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return show(self.host, self.port)


class Server:
    """A running server. `process.pid` leads its session and process group."""

    def __init__(self, subject: Subject, process: "subprocess.Popen[bytes]", addresses: tuple[Address, ...],
                 log: Path, key: str, errors: Path, pid: int | None = None) -> None:
        self.subject, self.process, self.addresses = subject, process, addresses
        self.log, self.key = log, key
        self._errors = errors
        self.pid = pid or process.pid
        self.port = addresses[0].port

    def connect(self, host: str | None = None) -> socket.socket:
        """A connected socket; to the first address bound (loopback for a wildcard) when no host is named."""
        bound = self.addresses[0].host
        host = host or WILDCARDS.get(bound, bound)
        try:
            return connect(host, self.port)
        except OSError as error:
            listening = ", ".join(map(str, self.addresses))
            raise type(error)(error.errno, f"{error.strerror} (the server listens on {listening})") from None

    def client(self, host: str | None = None, *, name: str = "probe", since: int | str = 0) -> Client:
        """A client that was welcomed. Raises OSError with the reason, Refused."""
        client = Client(self.connect(host))
        try:
            return client.hello(self.key, name, since)
        except BaseException:
            client.close()
            raise

    def processes(self) -> list[Process]:
        """The parent and all it forked; zombies too."""
        return processes_of(self.pid)

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
        wait_until(lambda: Alone([p for p in self.processes()
                                  if p.pid != self.pid and not (p.zombie and p.parent != self.pid)]),
                   "the server's children to end and be reaped", seconds)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def stderr(self) -> str:
        return self._errors.read_text(errors="replace")

    def wait(self, seconds: float = 5.0) -> int:
        """The exit status, or the negative number of the signal that killed it. Raises AssertionError."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server did not end within {seconds:g} s: {self.processes()}") from None

    def stop(self, seconds: float = 5.0) -> int:
        """End it as the subject says; the exit status."""
        self.signal(signal.Signals[self.subject.stop])
        return self.wait(seconds)

    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Leave nothing behind, whatever state it is in: continued, killed, reaped."""
        family = [process.pid for process in self.processes() if not process.zombie]
        if self.process.poll() is not None:  # its number may be another's by now; the group keeps it taken
            family = [process.pid for process in self.processes() if process.group == self.pid]
        kill_all(family)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.stdout:
            self.process.stdout.close()


class Alone(list[Process]):
    """The processes that are left; true when there are none, so that a timeout can name them."""

    def __bool__(self) -> bool:
        return len(self) == 0


class Launcher:
    """Starts servers for one probe: `start_server(...)`; the fixture ends them all."""

    def __init__(self, subject: Subject, bind: str, folder: Path, tool: Tool | None = None) -> None:
        self.subject, self.bind, self.folder, self.tool = subject, bind, folder, tool
        self.key = secrets.token_hex(64)
        self.log = folder / "chat.log"
        self._servers: list[Server] = []
        self._records: list[Record] = []
        self._started = 0

    def __call__(self, *extra: str, port: int = 0, host: str = "", bind: str | None = None,
                 log: Path | None = None, environment: Mapping[str, str] | None = None,
                 limits: Mapping[int, int] | None = None, user: int | None = None,
                 wrapper: tuple[str, ...] = (), before_exec: Callable[[], object] | None = None,
                 new_session: bool = True) -> Server:
        """Start the server and wait until it says that it listens. Raises NotReady.

        `extra` are more arguments for it; `limits` maps resource.RLIMIT_* to soft and hard value; `wrapper` is a
        command put in front, such as a tracer; `before_exec` runs in the child just before exec.
        """
        self._started += 1
        log = log or self.log
        errors = self.folder / f"server-{self._started}.stderr"
        record = None if wrapper else self._record()
        wrapper = record.wrapper if record else wrapper
        argv = [*wrapper, *self.argv(*extra, port=port, host=host, bind=bind, log=log)]

        def prepare() -> None:
            for which, value in (limits or {}).items():
                resource.setrlimit(which, (value, value))
            if before_exec:
                before_exec()

        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                argv, cwd=self.subject.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
                env={**os.environ, **(environment or {})}, start_new_session=new_session, user=user,
                pass_fds=(record.held,) if record else (),
                preexec_fn=prepare if limits or before_exec else None)  # probes run no threads
        if record:
            record.started()
        try:
            addresses = self._await_ready(process, errors)
        except BaseException:
            Server(self.subject, process, (Address("", 0),), log, self.key, errors).end()
            raise
        pid = process.pid
        if record and record.tool.is_parent:
            pid = next((p.pid for p in processes_of(pid) if p.parent == pid), pid)
        server = Server(self.subject, process, addresses, log, self.key, errors, pid)
        self._servers.append(server)
        return server

    def argv(self, *extra: str, port: int = 0, host: str = "", bind: str | None = None,
             log: Path | None = None) -> list[str]:
        """The argument list that starts the server, placeholders filled in."""
        values = {"port": str(port), "host": host, "log": str(log or self.log), "key_file": str(self.key_file()),
                  "python": sys.executable}
        arguments = [*self.subject.start, *self.subject.binds[bind or self.bind], *extra]
        if host:
            arguments += ["--host", host]
        return [re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), word) for word in arguments]

    def key_file(self) -> Path:
        """The key's file, readable by the user of this process alone."""
        path = self.folder / "key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(self.key + "\n")
        return path

    def bound(self) -> list[str]:
        """The addresses that the servers said they bound, without ports, each once."""
        return list(dict.fromkeys(address.host for server in self._servers for address in server.addresses))

    def end(self) -> None:
        for server in self._servers:
            server.end()

    def records(self) -> list[str]:
        """What the tool wrote down about each server, once all are ended."""
        return [record.read() for record in self._records]

    def _record(self) -> Record | None:
        """A server that a probe puts under a tool of its own is left to that one."""
        if self.tool is None or self.tool.missing:
            return None
        self._records.append(Record.begin(self.tool, self.folder / f"record-{self._started}"))
        return self._records[-1]

    def _await_ready(self, process: "subprocess.Popen[bytes]", errors: Path) -> tuple[Address, ...]:
        assert process.stdout is not None
        deadline = Deadline(READY_SECONDS)
        output = b""
        while True:
            whole_lines = output[:output.rfind(b"\n") + 1]
            if match := re.search(self.subject.ready.encode(), whole_lines, re.MULTILINE):
                return tuple(Address.parse(word) for word in match["addresses"].decode().split())
            poller = select.poll()
            poller.register(process.stdout, select.POLLIN)
            if not poller.poll(deadline.left() * 1000):
                raise NotReady(f"no ready line on stdout within {deadline.seconds:g} s, only {output!r}",
                               errors.read_text(errors="replace"), None)
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                status = process.wait(5)
                raise NotReady(f"the server ended with {describe_status(_wait_status(status))} before it was ready",
                               errors.read_text(errors="replace"), status)
            output += piece


def _wait_status(returncode: int) -> int:
    """subprocess's return code as a wait status."""
    return -returncode if returncode < 0 else returncode << 8
