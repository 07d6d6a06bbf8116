"""One program run to its end, and ended whatever happens: too late, interrupted, or with an error of ours."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

END_SECONDS = 120.0
"""That a run has to clean up after SIGINT: containers, virtual machines' connections."""
LOOK_MILLISECONDS = 20


class TooLate(Exception):
    """It did not end within its time."""


def finish(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    seconds: float,
    *,
    first: Callable[[], object] | None = None,
    look: Callable[[int], object] = lambda pid: None,
) -> tuple[int, float]:
    """Its exit status, and the seconds it took; it prints into the log.

    `first` is called in the new process, `look` with its id again and again while it runs. Raises TooLate, OSError.
    """
    with log.open("wb") as output:
        begun = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=first,
        )
        with _ended(process), _end_of(process.pid) as end:
            while time.monotonic() - begun < seconds:
                look(process.pid)
                if end.poll(LOOK_MILLISECONDS):
                    took = time.monotonic() - begun
                    return process.wait(), took
            raise TooLate(f"it did not end within {seconds:g} s")


def last_words(log: Path, lines: int = 3) -> str:
    """The end of what a run printed, in one line."""
    with suppress(OSError):
        said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        return " | ".join(said[-lines:])[-500:] or "it printed nothing"
    return "it printed nothing"


def ends_on_sigterm() -> None:
    """SIGTERM and SIGHUP unwind as Ctrl-C does, so that what was started is ended."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


@contextmanager
def _end_of(pid: int) -> Iterator[select.poll]:
    """Readable in the moment in which the process ends; Popen.wait() with a timeout would look now and then."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        yield poll
    finally:
        os.close(descriptor)


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """A run gets SIGINT, cleans up after itself, and is killed if that takes too long."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
