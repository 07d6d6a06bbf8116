"""Starts the subject's servers for one probe."""

import os
import re
import resource
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from support.address import Address
from support.ports import free_port
from support.processes import processes_of
from support.ready import Awaited, NotReady
from support.server import Server
from support.subject import Promises, Subject
from support.tool import Record, Tool

PORT_TRIES = 3


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
        """Start the server and wait until it listens. Raises NotReady.

        `extra` are more arguments for it; `limits` maps resource.RLIMIT_* to soft and hard value; `wrapper` is a
        command put in front, such as a tracer; `before_exec` runs in the child just before exec.

        A server that does not say which port it took is given a free one. A stranger may take that meanwhile: then
        another.
        """
        chosen = port == 0 and not self.subject.ready.names_addresses
        for left in reversed(range(PORT_TRIES if chosen else 1)):
            try:
                return self._start(extra, free_port() if chosen else port, host, bind, log or self.log,
                                   environment or {}, limits or {}, user, wrapper, before_exec, new_session)
            except NotReady as error:
                if not left or error.returncode is None:
                    raise
        raise AssertionError("no try is left that neither returned nor raised")

    def _start(self, extra: tuple[str, ...], port: int, host: str, bind: str | None, log: Path,
               environment: Mapping[str, str], limits: Mapping[int, int], user: int | None, wrapper: tuple[str, ...],
               before_exec: Callable[[], object] | None, new_session: bool) -> Server:
        self._started += 1
        errors, output = (self.folder / f"server-{self._started}.{name}" for name in ("stderr", "stdout"))
        record = None if wrapper else self._record()
        wrapper = record.wrapper if record else wrapper
        promises = self.subject.promises[bind or self.bind]
        argv = [*wrapper, *self.argv(*extra, port=port, host=host, bind=bind, log=log)]
        given = {**os.environ, **self._filled_in(self.subject.environment, port, host, log), **environment}
        for name, text in self._filled_in(self.subject.configuration, port, host, log).items():
            (self.folder / name).write_text(text)

        def prepare() -> None:
            for which, value in limits.items():
                resource.setrlimit(which, (value, value))
            if before_exec:
                before_exec()

        piped = self.subject.ready.names_addresses
        with errors.open("wb") as stderr, output.open("wb") as stdout:
            process = subprocess.Popen(
                argv, cwd=self.subject.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if piped else stdout,
                stderr=stderr, env=given, start_new_session=new_session, user=user,
                pass_fds=(record.held,) if record else (),
                preexec_fn=prepare if limits or before_exec else None)  # probes run no threads
        if record:
            record.started()
        try:
            addresses = self._addresses(Awaited(process, output, errors), port, log, promises)
        except BaseException:
            Server(self.subject, promises, process, (Address("", 0),), log, self.key, errors).end()
            raise
        pid = process.pid
        if record and record.tool.is_parent:
            pid = next((p.pid for p in processes_of(pid) if p.parent == pid), pid)
        server = Server(self.subject, promises, process, addresses, log, self.key, errors, pid)
        self._servers.append(server)
        return server

    def argv(self, *extra: str, port: int = 0, host: str = "", bind: str | None = None,
             log: Path | None = None) -> list[str]:
        """The argument list that starts the server, placeholders filled in."""
        arguments = [*self.subject.start, *self.subject.binds[bind or self.bind], *extra]
        if host:
            arguments += ["--host", host]
        return [self._fill(word, port, host, log or self.log) for word in arguments]

    def key_file(self) -> Path:
        """The key's file, readable by the user of this process alone."""
        path = self.folder / "key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(self.key + "\n")
        return path

    def bound(self) -> list[str]:
        """The addresses that the servers say they bound, or that answer, without ports, each once."""
        return list(dict.fromkeys(address.host for server in self._servers for address in server.addresses))

    def end(self) -> None:
        for server in self._servers:
            server.end()

    def records(self) -> list[str]:
        """What the tool wrote down about each server, once all are ended."""
        return [record.read() for record in self._records]

    def _addresses(self, awaited: Awaited, port: int, log: Path, promises: Promises) -> tuple[Address, ...]:
        """Raises NotReady."""
        ready = self.subject.ready
        if ready.names_addresses:
            return awaited.named(ready.what)
        if ready.how == "file":
            ready = replace(ready, what=self._fill(ready.what, port, "", log))
        return awaited.measured(ready, self.subject.talk, promises, port)

    def _filled_in(self, texts: Mapping[str, str], port: int, host: str, log: Path) -> dict[str, str]:
        return {name: self._fill(text, port, host, log) for name, text in texts.items()}

    def _fill(self, text: str, port: int, host: str, log: Path) -> str:
        """A text with its placeholders filled in; other braces stay."""
        values = {"port": str(port), "host": host, "log": str(log), "key_file": str(self.key_file()),
                  "python": sys.executable, "work": str(self.folder)}
        return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), text)

    def _record(self) -> Record | None:
        """A server that a probe puts under a tool of its own is left to that one."""
        if self.tool is None or self.tool.missing:
            return None
        self._records.append(Record.begin(self.tool, self.folder / f"record-{self._started}"))
        return self._records[-1]
