"""Work done side by side, within a bound and, if there is one, a deadline."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
ABREAST = 32


def abreast(
    work: Callable[[T], R], items: Sequence[T], limit: int = ABREAST, seconds: float | None = None
) -> list[R | None]:
    """`work` of each item, `limit` at once; None for what is not done within that many seconds.

    The threads hold no exit up: getaddrinfo(3) has no time limit. What `work` raises is raised here.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, R | BaseException]] = queue.SimpleQueue()
    over = threading.Event()
    for number in range(len(items)):
        waiting.put(number)

    def worker() -> None:
        while not over.is_set():
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((number, work(items[number])))
            except BaseException as error:
                done.put((number, error))

    for _ in range(min(len(items), limit)):
        threading.Thread(target=worker, daemon=True).start()
    try:
        return _collected(done, len(items), seconds)
    finally:
        over.set()


def _collected(
    done: "queue.SimpleQueue[tuple[int, R | BaseException]]", count: int, seconds: float | None
) -> list[R | None]:
    until = None if seconds is None else time.monotonic() + seconds
    found: list[R | None] = [None] * count
    for _ in range(count):
        try:
            number, result = done.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(result, BaseException):
            raise result
        found[number] = result
    return found
