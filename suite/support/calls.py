"""System calls under observation: what they answer, and whether they wait."""

import json
import os
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Any

from support.child import Child, readable
from support.deadline import wait_until
from support.net import errno_name
from support.processes import state_of

ASLEEP = ("S", "I")  # ps(1): interruptible sleep; the BSDs and macOS write I for a long one


def outcome(call: Callable[..., Any], *arguments: Any) -> str:
    """`ok`, or the errno that the call answered. A socket or file that it returned is closed."""
    try:
        result = call(*arguments)
    except OSError as error:
        return errno_name(error)
    if hasattr(result, "close"):
        result.close()
    return "ok"


class Call:
    """`function(*arguments)` in a child that stays, with all it opened and locked, until the block ends.

    What the function returns travels through JSON.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._function, self._arguments = function, arguments
        self._answer: bytes | None = None

    def __enter__(self) -> "Call":
        self._returned, returning = os.pipe()
        self._child = Child(_perform, self._function, self._arguments, returning)
        self._child.__enter__()
        os.close(returning)
        self.pid = self._child.pid
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.__exit__(kind, error, trace)
        os.close(self._returned)

    def blocked(self) -> bool:
        """Wait until the function has returned, or sleeps in the kernel; whether it sleeps.

        Whatever ends a wait makes the sleeper runnable at once. So one that is asleep after the event, and had
        written no result by then, is still waiting: no time has to pass to show it.
        """
        return wait_until(self._settled, f"process {self.pid} to return or to sleep", 10.0) == "asleep"

    def result(self) -> Any:
        """What the function returned; waits for it. Raises ChildFailed, TimeoutError."""
        if self._answer is None:
            if not readable(self._returned, self._child.deadline.left()):
                raise TimeoutError(f"process {self.pid} is still in its call")
            self._answer = os.read(self._returned, 4096)
        return json.loads(self._answer) if self._answer else self._child.result()

    def kill(self) -> None:
        """End the process in the middle of whatever it does: SIGKILL, and reaped."""
        self._child.kill(signal.SIGKILL)
        self._child.reap()

    def _settled(self) -> str | None:
        asleep = state_of(self.pid) in ASLEEP  # before the pipe: a result that was written first is then seen
        if self._answer is not None or readable(self._returned, 0):
            return "returned"
        return "asleep" if asleep else None


def _perform(channel: Any, function: Callable[..., Any], arguments: tuple[Any, ...], returning: int) -> None:
    os.write(returning, json.dumps(function(*arguments)).encode())
    channel.wait("the end")  # which is SIGKILL
