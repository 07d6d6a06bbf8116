"""Signals that end a run: the first interrupts it, those that come while it cleans up only hear what is still there."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""SIGHUP comes when a terminal is closed. SIGQUIT would leave a core file, and everything else too."""
AGAIN_SECONDS = 10.0
"""How long after the first signal another one is taken for the same wish."""


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """For a while each of ENDING raises KeyboardInterrupt in the main thread, except what nohup(1) or a shell's `&`
    made this process ignore.
    """
    last: list[float] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if last and now - last[0] < AGAIN_SECONDS:
            tell("already ending; everything that was started is being removed")
            return
        last[:] = [now]
        raise KeyboardInterrupt

    with _handled(interrupt):
        yield


@contextmanager
def uninterrupted(left: Callable[[], Sequence[str]]) -> Iterator[None]:
    """While something is removed: a signal of ENDING prints what `left` names, and nothing else happens."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _handled(lambda number, frame: tell(f"still removing {', '.join(left()) or 'the last of it'}")):
        yield


def tell(text: str) -> None:
    """A line for the user, whose terminal may be closed by now."""
    with suppress(OSError, ValueError, RuntimeError):  # RuntimeError: a signal came in the middle of a line
        print(f"anyunix: {text}", file=sys.stderr, flush=True)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Take over those of ENDING that are not ignored, for a while."""
    before = {number: signal.getsignal(number) for number in ENDING}
    before = {number: old for number, old in before.items() if old is not None and old != signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
