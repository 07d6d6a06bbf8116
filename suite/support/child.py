"""Run a piece of a probe in a process of its own, so that signals, limits and locks stay there."""

import json
import os
import select
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from support.deadline import Deadline, wait_until


class ChildFailed(AssertionError):
    """The child raised, was killed or did not finish; the message says which and where."""


class Child:
    """`function(*arguments)` in a forked child that leads a session of its own.

    The child ends when the function returns or raises; leaving the `with` block kills its whole process group.
    Two pipes tie it to the probe: `child.tell(text)` wakes `channel.wait()` in the child, and
    `channel.tell(text)` in the child wakes `child.wait()` here.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any, seconds: float = 10.0) -> None:
        self._function, self._arguments = function, arguments
        self.deadline = Deadline(seconds)
        self.status: int | None = None

    def __enter__(self) -> "Child":
        here_read, there_write = os.pipe()
        there_read, here_write = os.pipe()
        result_read, result_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            for fd in (here_read, here_write, result_read):
                os.close(fd)
            _run(self._function, self._arguments, Channel(there_read, there_write, self.deadline), result_write)
        for fd in (there_read, there_write, result_write):
            os.close(fd)
        self._channel = Channel(here_read, here_write, self.deadline)
        self._result_fd = result_read
        self._channel.wait("started")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError, PermissionError):  # ended; macOS and BSDs: EPERM for a group of zombies
            os.killpg(self.pid, signal.SIGKILL)
        self.reap()
        self._channel.close()
        os.close(self._result_fd)

    def tell(self, text: str) -> None:
        """Wake `channel.wait(text)` in the child."""
        self._channel.tell(text)

    def wait(self, text: str) -> None:
        """Wait until the child tells `text`; raises what the child raised instead, if it did."""
        try:
            self._channel.wait(text)
        except EOFError:
            self.result()
            raise

    def kill(self, signal_number: int) -> None:
        os.kill(self.pid, signal_number)

    def reap(self) -> int:
        """The wait status, waited for once. A child that is past its deadline is killed first."""
        if self.status is None:
            try:
                self.status = wait_until(self._ended, f"child {self._name()} to end", self.deadline)[0]
            except TimeoutError:
                os.kill(self.pid, signal.SIGKILL)
                self.status = os.waitpid(self.pid, 0)[1]
        return self.status

    def _ended(self) -> tuple[int] | None:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return (status,) if pid else None

    def result(self) -> Any:
        """What the function returned, through JSON. Raises ChildFailed."""
        try:
            data = _read_line(self._result_fd, self.deadline)
        except TimeoutError as error:
            raise ChildFailed(f"child {self._name()} did not finish within {self.deadline.seconds:g} s") from error
        status = self.reap()
        if not data:
            raise ChildFailed(f"child {self._name()} ended without a result: {describe_status(status)}")
        outcome = json.loads(data)
        if "raised" in outcome:
            raise ChildFailed(f"in child {self._name()}:\n{outcome['raised']}")
        return outcome["returned"]

    def _name(self) -> str:
        return getattr(self._function, "__name__", repr(self._function))


class Channel:
    """One end of a pair of pipes on which short words are told and waited for."""

    def __init__(self, read_fd: int, write_fd: int, deadline: Deadline) -> None:
        self._read_fd, self._write_fd, self._deadline = read_fd, write_fd, deadline
        self._pending = b""

    def tell(self, text: str) -> None:
        os.write(self._write_fd, text.encode() + b"\n")

    def wait(self, text: str) -> None:
        """Raises TimeoutError, EOFError when the other side ended, AssertionError for another word."""
        while b"\n" not in self._pending:
            if not readable(self._read_fd, self._deadline.left()):
                raise TimeoutError(f"waited for {text!r} from the other process")
            data = os.read(self._read_fd, 4096)
            if not data:
                raise EOFError(f"the other process ended before it told {text!r}")
            self._pending += data
        word, self._pending = self._pending.split(b"\n", 1)
        assert word.decode() == text, f"expected to be told {text!r}, was told {word.decode()!r}"

    def close(self) -> None:
        os.close(self._read_fd)
        os.close(self._write_fd)


def in_child(function: Callable[..., Any], *arguments: Any, seconds: float = 10.0) -> Any:
    """Run `function(channel, *arguments)` in a child and return its result, through JSON. Raises ChildFailed."""
    with Child(function, *arguments, seconds=seconds) as child:
        return child.result()


def describe_status(status: int) -> str:
    """A wait status in words: `exit status 1`, `killed by SIGUSR1`."""
    if os.WIFSIGNALED(status):
        return f"killed by {signal_name(os.WTERMSIG(status))}"
    return f"exit status {os.WEXITSTATUS(status)}"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def readable(fd: int, seconds: float) -> bool:
    """Whether `fd` has something to read, or is at its end, within `seconds`."""
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def _read_line(fd: int, deadline: Deadline) -> bytes:
    """Bytes up to a newline, or to the end when the last writer has closed. Raises TimeoutError."""
    data = b""
    while not data.endswith(b"\n"):
        if not readable(fd, deadline.left()):
            raise TimeoutError
        piece = os.read(fd, 65536)
        if not piece:
            break
        data += piece
    return data


def _run(function: Callable[..., Any], arguments: tuple[Any, ...], channel: Channel, result_fd: int) -> None:
    """The child's whole life; never returns into pytest."""
    try:
        os.setsid()
        channel.tell("started")
        try:
            outcome = {"returned": function(channel, *arguments)}
        except BaseException:  # whatever it is, the probe has to show it
            outcome = {"raised": traceback.format_exc()}
        os.write(result_fd, json.dumps(outcome).encode() + b"\n")
    finally:
        os._exit(0)
