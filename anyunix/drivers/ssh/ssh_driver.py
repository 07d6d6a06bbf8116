"""Another machine, reached with OpenSSH's client: one connection a cell, which every command shares."""

import json
import shlex
import shutil
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from anyunix.drivers.base import OUTPUT_LIMIT, Completed, Progress
from anyunix.drivers.output import Kept
from anyunix.drivers.ssh.call import Call, NoAnswer
from anyunix.drivers.ssh.destination import Destination
from anyunix.drivers.ssh.reasons import CONNECT_SECONDS, last_line, reason
from anyunix.errors import PlatformError
from anyunix.host.scratch import SHORT, Scratch

LIFE_SECONDS = 4 * 3600
"""How long the folder there is kept at most, whoever forgets it."""
ANSWER_SECONDS = 60.0
"""For a connection with everything that belongs to it, and for what is done in a moment."""
SEND_SECONDS = 600.0
GRACE_SECONDS = 15.0
"""How much longer a command gets here than there, where it is ended with all that it started."""
REMOVE_SECONDS = 30.0
LOST_SECONDS = 2.0
"""How much later than a command's ssh the one that held its connection ends."""
KILLED = 137

OPTIONS = (
    "BatchMode=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    f"ConnectTimeout={CONNECT_SECONDS}",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ControlPersist=no",
    "NoHostAuthenticationForLocalhost=no",
    "LogLevel=ERROR",
)
ALONE = ("ControlMaster=no", "ControlPath=none")


class SshDriver:
    """A temporary folder on another machine, that goes when the connection does.

    The first ssh process holds the connection and, on the far side, the folder; those of the commands go through its
    socket and never make a connection of their own.
    """

    def __init__(self, target: Destination, turn: AbstractContextManager[object] | None = None) -> None:
        """`turn` is entered while a connection is made: sshd drops some when there are many at once (MaxStartups)."""
        self._target, self._turn = target, turn or nullcontext()
        self._lock = threading.Lock()
        self._ended = False
        self._control: Scratch | None = None
        self._keeper: Call | None = None
        self._folder = ""
        self._running: list[Call] = []
        self._say: Progress = _quiet

    def available(self) -> str | None:
        if not shutil.which("ssh"):
            return "no ssh on PATH: install OpenSSH's client (Debian: openssh-client)"
        try:
            with self._turn:
                self._alone({"task": "look"})
        except NoAnswer as error:
            return reason(self._target, error)
        except PlatformError as error:
            return str(error)
        return None

    def up(self, say: Progress) -> None:
        self._say = say
        try:
            with self._turn:
                with self._lock:  # down() from another thread sees all of it or nothing
                    if self._ended:
                        raise PlatformError("the platform is down")
                    self._control = Scratch(SHORT)  # for a socket, to whose path ssh adds something
                    keeper = self._keeper = self._call(
                        {"task": "keep", "seconds": LIFE_SECONDS},
                        ANSWER_SECONDS,
                        "ControlMaster=yes",
                        f"ControlPath={self._socket()}",
                    )
                keeper.send()
                kind, content = keeper.read()
            keeper.limit(None)
            answer = json.loads(content)
            if kind != b"o":
                raise PlatformError(f"{self._target}: no temporary folder there: {last_line(answer['error'])}")
            self._folder = str(answer["folder"])
        except (NoAnswer, PlatformError, ValueError, KeyError, TypeError) as error:
            ended = self._ended
            self.down()
            if ended:
                raise PlatformError("the platform is down") from error
            if isinstance(error, PlatformError):
                raise
            raise PlatformError(
                reason(self._target, error)
                if isinstance(error, NoAnswer)
                else f"{self._target}: what came back is no answer"
            ) from error

    def put(self, archive: Path) -> None:
        answer = self._through("the payload was sent", {"task": "put"}, SEND_SECONDS, archive.read_bytes())
        if "error" in answer:
            raise PlatformError(
                f"the payload could not be unpacked in {last_line(self._folder)} on {self._target}: "
                f"{last_line(str(answer['error']))}"
            )

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        kept = Kept(b"o", b"e", OUTPUT_LIMIT, say)
        task = {"task": "run", "argv": list(argv), "env": dict(env), "seconds": timeout, "limit": OUTPUT_LIMIT}
        try:
            answer = self._through(f"it ran {shlex.join(argv):.80}", task, timeout + GRACE_SECONDS, take=kept)
        except _Late:
            return Completed(KILLED, kept.text(b"o"), kept.text(b"e"), timed_out=True)
        if "error" in answer:
            raise PlatformError(f"cannot start {argv[0]} on {self._target}: {last_line(str(answer['error']))}")
        return Completed(
            _whole(answer.get("status")), kept.text(b"o"), kept.text(b"e"), timed_out=answer.get("timed_out") is True
        )

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        kept = Kept(b"o", b"e", limit + 1)
        answer = self._through(
            f"{path} was read", {"task": "get", "path": str(path), "limit": limit}, SEND_SECONDS, take=kept
        )
        if "error" in answer:
            raise PlatformError(f"{path}: not there after the run ({last_line(str(answer['error']))})")
        if len(kept.content(b"o")) > limit:
            raise PlatformError(f"{path}: larger than the {limit} bytes that are read back")
        return kept.content(b"o")

    def down(self) -> None:
        with self._lock:
            self._ended = True
            running, (keeper, self._keeper) = list(self._running), (self._keeper, None)
            control, self._control = self._control, None
        for call in running:
            call.end()
        for call in running:
            call.wait()
        if keeper:
            removed = self._removed(keeper)
            keeper.wait()
            if not removed:
                self._remove_again()
        if control:
            control.remove()

    def _through(
        self, doing: str, task: Mapping[str, object], seconds: float, data: bytes = b"", take: Kept[bytes] | None = None
    ) -> Mapping[str, Any]:
        """The result of a task on the connection that is there. Raises PlatformError, _Late."""
        with self._lock:
            if self._ended or not self._keeper:
                raise PlatformError("the platform is down")
            keeper = self._keeper
            # without the connection this one has to fail; the command is tried only where there is no socket any more
            call = self._call(
                {**task, "folder": self._folder},
                seconds,
                "ControlMaster=no",
                f"ControlPath={self._socket()}",
                "ProxyCommand=false",
            )
            self._running.append(call)
        try:
            answer = self._answer(call, data, take)
        except NoAnswer as error:
            if self._ended:
                raise PlatformError("the platform is down") from error
            if words := last_line(keeper.said(LOST_SECONDS)):
                raise PlatformError(
                    f"{self._target}: the connection was lost while {doing}: {words}; "
                    "see that the machine and the network are well, and run again"
                ) from error
            if error.late:
                raise _Late(f"{self._target}: not done within {seconds:g} s: {doing}") from error
            raise PlatformError(f"{reason(self._target, error)} (while {doing})") from error
        if self._ended:
            raise PlatformError("the platform is down")
        return answer

    def _alone(self, task: Mapping[str, object]) -> Mapping[str, Any]:
        """The result of a task on a connection of its own. Raises NoAnswer, PlatformError."""
        with self._lock:
            call = self._call(task, ANSWER_SECONDS, *ALONE)
            self._running.append(call)
        return self._answer(call)

    def _answer(self, call: Call, data: bytes = b"", take: Kept[bytes] | None = None) -> Mapping[str, Any]:
        try:
            call.send(data)
            return call.result(take)
        finally:
            call.close()
            with self._lock:
                self._running.remove(call)

    def _call(self, task: Mapping[str, object], seconds: float, *options: str) -> Call:
        own = self._target.known_hosts
        # an own file of keys starts empty: the first key is written down, any other is refused from then on
        keys = (
            ("StrictHostKeyChecking=accept-new", f'UserKnownHostsFile="{own}"', "GlobalKnownHostsFile=none")
            if own
            else ("StrictHostKeyChecking=yes",)
        )
        words = [word for option in (*OPTIONS, *keys, *options) for word in ("-o", option)]
        return Call(["ssh", *words, *self._target.words()], task, seconds)

    def _socket(self) -> str:
        assert self._control
        return f"{self._control.path}/s"

    def _removed(self, keeper: Call) -> bool:
        """Let the keeper remove the folder; whether it says that it did."""
        keeper.end()
        if not self._folder:
            keeper.wait()
            return True
        keeper.limit(REMOVE_SECONDS)
        try:
            return keeper.result().get("removed") is True
        except NoAnswer:
            return False

    def _remove_again(self) -> None:
        """Once more over a new connection: the keeper could not say that the folder is gone."""
        with suppress(NoAnswer, PlatformError):
            if self._alone({"task": "end", "folder": self._folder}).get("removed") is True:
                return
        self._say(
            f"{last_line(self._folder)} on {self._target} cannot be removed now; where the connection's end is "
            f"not noticed there, it goes within {LIFE_SECONDS // 3600} h"
        )


class _Late(PlatformError):
    """No answer in time."""


def _whole(value: object) -> int:
    """An exit status as the far side gives it. Raises PlatformError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise PlatformError(f"what came back is no exit status: {value!r:.60}")
    return value


def _quiet(text: str) -> None:
    """What happens before `up` is nobody's concern."""
