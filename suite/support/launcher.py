"""Starts the subject's servers for one probe."""

import os
import re
import resource
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from support.address import Address
from support.becoming import User
from support.clients import KINDS, Clients
from support.companions import Companions, in_its_own_dev
from support.deadline import wait_until
from support.differences import command_under, switched_on
from support.output import Output
from support.place import Place
from support.ports import free_port
from support.ready import Awaited, NotReady
from support.server import Server
from support.starting import Command
from support.subject import Promises, Subject
from support.tool import Record, Tool
from support.ways import begin

PORT_TRIES = 3
DYING_SECONDS = 0.2


class Launcher:
    """Starts servers for one probe: `start_server(...)`; the fixture ends them all."""

    def __init__(self, subject: Subject, bind: str, folder: Path, tool: Tool | None = None) -> None:
        self.subject, self.bind, self.folder, self.tool = subject, bind, folder, tool
        self.key = secrets.token_hex(64)
        self.log = folder / "chat.log"
        self._servers: list[Server] = []
        self._records: list[Record] = []
        self._started = 0
        self._mechanisms = switched_on()

    def __call__(
        self,
        *extra: str,
        port: int = 0,
        host: str = "",
        bind: str | None = None,
        log: Path | None = None,
        environment: Mapping[str, str | None] | None = None,
        limits: Mapping[int, int] | None = None,
        user: int | None = None,
        wrapper: tuple[str, ...] = (),
        before_exec: Callable[[], object] | None = None,
        new_session: bool = True,
        path: Path | None = None,
        where: Place | None = None,
    ) -> Server:
        """Start the server and wait until it listens. Raises NotReady, NotSwitchedOn.

        `extra` are more arguments for it; a variable of `environment` that is None is taken away; `limits` maps
        resource.RLIMIT_* to soft and hard value; `wrapper` is a command put in front, such as a tracer; `before_exec`
        runs in the child just before exec; `path` is for the socket of a server of the Unix domain; `where` is where it
        works, else a new folder.

        A server that does not say which port it took is given a free one. A stranger may take that meanwhile: then
        another.
        """
        port = port or self.subject.starting.port
        chosen = port == 0 and not self.subject.ready.names_addresses and self.subject.transport != "unix"
        for left in reversed(range(PORT_TRIES if chosen else 1)):
            try:
                return self._start(
                    extra,
                    free_port(KINDS[self.subject.transport]) if chosen else port,
                    host,
                    bind,
                    log or self.log,
                    environment or {},
                    limits or {},
                    user,
                    wrapper,
                    before_exec,
                    new_session,
                    path,
                    where,
                )
            except NotReady as error:
                if not left or error.returncode is None:
                    raise
        raise AssertionError("no try is left that neither returned nor raised")

    def _start(
        self,
        extra: tuple[str, ...],
        port: int,
        host: str,
        bind: str | None,
        log: Path,
        environment: Mapping[str, str | None],
        limits: Mapping[int, int],
        user: int | None,
        wrapper: tuple[str, ...],
        before_exec: Callable[[], object] | None,
        new_session: bool,
        path: Path | None,
        where: Place | None,
    ) -> Server:
        program = fill_all(self.subject.start[:1], {"python": sys.executable})
        who = User.named(self.subject.starting.user, self.subject.root, *program) if self._becomes(user) else None
        user = who.uid if who else user
        own = self._work_folder(user)
        work, folder = (where.work, where.folder) if where else (own, self.subject.root)
        record = None if wrapper else self._record()
        wrapper = record.wrapper if record else wrapper
        promises = self.subject.promises[bind or self.bind]
        words = self._words(port, host, log, work) | {"socket": str(path or work / "socket")}
        clients = Clients(self.subject, words)
        given = changed({**os.environ, **fill_values(self.subject.environment, words)}, environment)
        front = command_under(self._mechanisms, wrapper, given)
        argv = [*front, *fill_all(self._arguments(extra, host, bind), where.worded(words) if where else words)]
        for name, text in fill_values(self.subject.configuration, words).items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text)
        if who:
            who.own(work)
            self.folder.chmod(0o711)

        output = Output(self.folder / f"server-{self._started}.said", user)
        companions = Companions()

        def prepare() -> None:
            for which, value in limits.items():
                resource.setrlimit(which, (value, value))
            for mechanism in self._mechanisms:
                mechanism.before_exec()
            if before_exec:
                before_exec()

        command = Command(
            argv,
            folder,
            given,
            output.stdout,
            output.stderr,
            new_session,
            user,
            who.gid if who else None,
            who.groups if who else None,
            kept=(record.held,) if record else (),
            prepare=prepare if limits or before_exec or self._mechanisms else None,
            traced=bool(wrapper),
        )
        place = Address(words["socket"], 0) if self.subject.transport == "unix" else Address("", int(words["port"]))
        try:
            for companion in self.subject.starting.also:
                companions.start(companion, command, output, lambda text: fill(text, words))
            if self.subject.starting.syslog:
                command = in_its_own_dev(command, companions.log(own, output))
            process = begin(
                self.subject,
                command,
                promises,
                place,
                fill(self.subject.starting.pid_file, words),
                tool_is_parent=bool(record and record.tool.is_parent),
            )
        except OSError as error:
            companions.end()
            output.end()
            raise NotReady(f"start: {argv[0]!r} cannot be run in {folder}: {error.strerror}", "", "", None) from None
        except BaseException:
            companions.end()
            output.end()
            raise
        finally:
            output.handed_over()
            if record:
                record.started()
        try:
            awaited = Awaited(process, output)
            addresses = self._addresses(awaited, clients, words, promises, place)
            awaited.known(addresses[0])
        except BaseException:
            process.end()
            companions.end()
            output.end()
            raise
        server = Server(
            *(self.subject, promises, process, addresses, clients, log, self.key, output, self._mechanisms, companions)
        )
        self._servers.append(server)
        server.check_switched_on()
        return server

    def argv(self) -> list[str]:
        """The argument list that starts the server on a port that nobody has chosen yet."""
        return fill_all(self._arguments((), "", None), self._words(0, "", self.log, self.folder))

    def key_file(self) -> Path:
        """The key's file, readable by the user of this process alone."""
        path = self.folder / "key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(self.key + "\n")
        return path

    def bound(self) -> list[str]:
        """The addresses that the servers say they bound, or that answer, without ports, each once; no paths."""
        addresses = [address for server in self._servers for address in server.addresses]
        return list(dict.fromkeys(address.host for address in addresses if address.port))

    def check_switched_on(self) -> None:
        """Raises NotSwitchedOn where a process that a server started since has not all that is to be on."""
        for server in self._servers:
            server.check_switched_on()

    def end(self) -> None:
        for server in self._servers:
            server.end()

    def records(self) -> list[str]:
        """What the tool wrote down about each server, once all are ended."""
        return [record.read() for record in self._records]

    def deaths(self) -> list[str]:
        """How each server that has ended by now did, with its last words; not of those that ended with exit status 0.

        A client sees its connection end before the process of the server has ended for good.
        """
        with suppress(TimeoutError):
            wait_until(lambda: not any(server.alive() for server in self._servers), "the servers to end", DYING_SECONDS)
        return [server.death() for server in self._servers if not server.alive() and server.process.returncode]

    def _addresses(
        self, awaited: Awaited, clients: Clients, words: Mapping[str, str], promises: Promises, place: Address
    ) -> tuple[Address, ...]:
        """Raises NotReady."""
        ready = self.subject.ready
        if ready.names_addresses:
            return awaited.named(ready.what)
        if ready.how == "file":
            ready = replace(ready, what=fill(ready.what, words))
        return awaited.measured(ready, clients, promises, place)

    def _arguments(self, extra: tuple[str, ...], host: str, bind: str | None) -> list[str]:
        return [
            *self.subject.start,
            *self.subject.binds[bind or self.bind],
            *extra,
            *(["--host", host] if host else []),
        ]

    def _words(self, port: int, host: str, log: Path, work: Path) -> dict[str, str]:
        """What stands in braces in a subject file -> what it is for one start."""
        return {
            "port": str(port),
            "host": host,
            "log": str(log),
            "key_file": str(self.key_file()),
            "python": sys.executable,
            "work": str(work),
        }

    def _work_folder(self, user: int | None) -> Path:
        """A new one for each start: the file with a process ID that a server left stops no other from starting."""
        self._started += 1
        while (work := self.folder / f"server-{self._started}").exists():  # an earlier launcher's in this folder
            self._started += 1
        work.mkdir()
        if user is not None:
            os.chown(work, user, -1)
        return work

    def _becomes(self, user: int | None) -> bool:
        """Whether the subject names its user, and the probe none."""
        return user is None and bool(self.subject.starting.user)

    def _record(self) -> Record | None:
        """A server that a probe puts under a tool of its own is left to that one."""
        if self.tool is None or self.tool.missing:
            return None
        self._records.append(Record.begin(self.tool, self.folder / f"record-{self._started}"))
        return self._records[-1]


def fill(text: str, words: Mapping[str, str]) -> str:
    """A text with its placeholders filled in; other braces stay."""
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), text)


def fill_all(texts: Iterable[str], words: Mapping[str, str]) -> list[str]:
    return [fill(text, words) for text in texts]


def fill_values(texts: Mapping[str, str], words: Mapping[str, str]) -> dict[str, str]:
    return {name: fill(text, words) for name, text in texts.items()}


def changed(environment: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """With other values for some variables, and without those for which there is none."""
    return {name: value for name, value in {**environment, **changes}.items() if value is not None}
