"""Run one command of this machine and read what it says, within limits; what local and netns share."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from anyunix.drivers.base import OUTPUT_LIMIT, Completed, Progress
from anyunix.drivers.output import Stream
from anyunix.errors import PlatformError

GRACE_SECONDS = 5.0
PIECE = 65536
END_SECONDS = 5.0
"""How long a process gets to end what it started."""


class Processes:
    """The commands that one driver runs on this machine. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[subprocess.Popen[bytes]] = []
        self._ended = False

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float, say: Progress | None
    ) -> Completed:
        """Run `argv`; its stdin is a pipe that closes when this process goes away. Raises PlatformError."""
        process = self._start(argv, cwd, env)
        assert process.stdin and process.stdout and process.stderr
        out, err = Collector(process.stdout, say), Collector(process.stderr, None)
        try:
            process.wait(timeout + GRACE_SECONDS)
            timed_out = False
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            end_group(process)
            process.stdin.close()
            with self._lock:
                self._running.remove(process)
        out.thread.join(GRACE_SECONDS)
        err.thread.join(GRACE_SECONDS)
        return Completed(process.returncode, out.text(), err.text(), timed_out)

    def end(self) -> None:
        """End what runs, from any thread; nothing starts after that."""
        with self._lock:
            self._ended = True
            running = list(self._running)
        for process in running:
            end_group(process)

    def _start(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        with self._lock:  # end() sees a process that was started, or it is not started any more
            if self._ended:
                raise PlatformError("the platform is down")
            try:
                process = subprocess.Popen(
                    argv,
                    cwd=cwd,
                    env={**env, "PWD": str(cwd)},  # as a shell's: no $(PWD) of a Makefile is the root
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
            except OSError as error:
                raise PlatformError(f"cannot start {argv[0]}: {error.strerror}") from error
            self._running.append(process)
            return process


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End the process group that `process` leads, and reap it: SIGTERM, on which supervise.py ends what it started in
    other sessions, then SIGKILL.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)


class Collector:
    """Reads a pipe in a thread: lines to `say`, the first OUTPUT_LIMIT bytes kept, the rest dropped."""

    def __init__(self, pipe: IO[bytes], say: Progress | None) -> None:
        self._pipe, self._stream = pipe, Stream(OUTPUT_LIMIT, say)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def text(self) -> str:
        return self._stream.text()

    def _read(self) -> None:
        with self._pipe:
            while piece := os.read(self._pipe.fileno(), PIECE):
                self._stream.take(piece)
        self._stream.end()
