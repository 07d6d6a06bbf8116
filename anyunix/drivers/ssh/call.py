"""One ssh process that carries one task to ssh_remote.py on the far side, and its frames back."""

import json
import os
import secrets
import signal
import struct
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from anyunix.drivers.process import Collector
from anyunix.errors import PlatformError

PROGRAM = Path(__file__).with_name("ssh_remote.py")
PYTHON = (3, 10)
END_SECONDS = 6.0
"""How long the far side gets to end what it started, before ssh itself is ended here."""
NOISE_LIMIT = 1024 * 1024
"""Bytes that a login shell may print before it starts what it was asked to."""
FRAME_LIMIT = 1024 * 1024
HEADER = struct.Struct(">cI")

# One line for whatever shell the user has there, csh included: no newline, no `!`, no quote inside of the quotes. The
# program comes over stdin and is read with a buffer of one byte, so that nothing behind it is swallowed. -I -S: nothing
# in the home folder there can get in between.
BOOTSTRAP = (
    "exec /bin/sh -c '"
    'PATH="$PATH:/usr/local/bin:/usr/pkg/bin:/opt/homebrew/bin"; export PATH; '
    "command -v python3 >/dev/null || {{ echo {marker} none; exit 1; }}; "
    'exec python3 -I -S -c "import io, sys; v = sys.version_info; '
    "v >= {python} or sys.exit(print(sys.argv[1], *v[:2])); "
    "exec(io.BufferedReader(io.FileIO(0, closefd=False), 1).read({length}))\" {marker}'"
)


class NoAnswer(Exception):
    """The task has no result. `said` is what ssh printed, `printed` what came instead of an answer: untrusted, both.

    `late` when the time was over, `python` is `none` or a version when it is Python that lacks there.
    """

    def __init__(self, said: str, printed: str, *, late: bool = False, python: str = "") -> None:
        super().__init__(said or printed)
        self.said, self.printed, self.late, self.python = said, printed, late, python


class Call:
    """A task under way. What comes back is read by one thread; `end` may be called from another."""

    def __init__(self, command: Sequence[str], task: Mapping[str, object], seconds: float) -> None:
        """Start ssh; it is killed after `seconds`, unless `limit` says otherwise. Raises PlatformError."""
        program = PROGRAM.read_bytes()
        self._marker = secrets.token_hex(16)
        self._request = program + json.dumps(task).encode() + b"\n"
        there = BOOTSTRAP.format(marker=self._marker, length=len(program), python=PYTHON)
        try:
            # in a session of its own: no terminal to ask for a password on, and Ctrl-C is left to `down`
            self._process = subprocess.Popen(
                [*command, there],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C"},
            )
        except OSError as error:
            raise PlatformError(f"cannot start {command[0]}: {error.strerror}") from error
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._errors = Collector(self._process.stderr, None)
        self._sending, self._late = threading.Lock(), threading.Event()
        self._answered = False
        self._guard: threading.Timer | None = None
        self.limit(seconds)

    def limit(self, seconds: float | None) -> None:
        """From now on there are so many seconds left; None: no limit."""
        if self._guard:
            self._guard.cancel()
        if seconds is not None:
            self._guard = threading.Timer(seconds, self._too_late)
            self._guard.daemon = True
            self._guard.start()

    def send(self, data: bytes = b"") -> None:
        """Send the task and what belongs to it. Whether it arrived is told by the answer."""
        with self._sending, suppress(OSError, ValueError):
            self._stdin.write(self._request)
            self._stdin.write(data)
            self._stdin.flush()

    def read(self) -> tuple[bytes, bytes]:
        """The next frame's kind and content. Raises NoAnswer."""
        if not self._answered:
            self._skip_noise()
            self._answered = True
        header = self._stdout.read(HEADER.size)
        if len(header) < HEADER.size:
            raise self._no_answer(b"")
        kind, length = HEADER.unpack(header)
        if kind not in (b"o", b"e", b"x") or length > FRAME_LIMIT:
            raise NoAnswer("", f"what came back is no frame: {header!r}")
        content = self._stdout.read(length)
        if len(content) < length:
            raise self._no_answer(b"")
        return kind, content

    def result(self, take: Callable[[bytes, bytes], None] | None = None) -> Mapping[str, Any]:
        """The result, after each frame before it was given to `take`. Raises NoAnswer."""
        while True:
            kind, content = self.read()
            if kind != b"x":
                if take:
                    take(kind, content)
                continue
            try:
                found = json.loads(content)
            except (ValueError, RecursionError) as error:
                raise NoAnswer("", f"the result is not JSON: {error}") from error
            if not isinstance(found, dict):
                raise NoAnswer("", "the result is no JSON object")
            return found

    def end(self) -> None:
        """Tell the far side to end what it does: its stdin is at its end."""
        if not self._sending.acquire(blocking=False):
            self._kill()  # the one who sends may be stuck
            return
        try:
            with suppress(OSError):
                self._stdin.close()
        finally:
            self._sending.release()

    def wait(self) -> None:
        """End it, if need be by force, and wait for that. Idempotent."""
        self.end()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self._kill()
        self._process.wait()
        self.limit(None)

    def close(self) -> None:
        """As `wait`; for the thread that reads, when it has read all that it wants."""
        self.wait()
        self._stdout.close()

    def said(self, seconds: float = 0.0) -> str:
        """What ssh printed, if it ends within so many seconds; else nothing."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return ""
        self._errors.thread.join(1)
        return self._errors.text()

    def _skip_noise(self) -> None:
        """Read what a login shell prints, up to the marker."""
        noise = bytearray()
        while len(noise) < NOISE_LIMIT:
            line = self._stdout.readline(65536)
            if not line:
                raise self._no_answer(bytes(noise))
            _, marker, after = line.partition(self._marker.encode())
            if marker:
                answer = after.decode(errors="replace").split()
                if answer == ["ok"]:
                    return
                raise self._no_answer(bytes(noise), python=".".join(answer)[:20])
            noise += line
        raise NoAnswer("", f"more than {NOISE_LIMIT} bytes of something else")

    def _no_answer(self, printed: bytes, python: str = "") -> NoAnswer:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self._kill()
        self._process.wait()
        return NoAnswer(self.said(), printed.decode(errors="replace"), late=self._late.is_set(), python=python)

    def _too_late(self) -> None:
        self._late.set()
        self._kill()

    def _kill(self) -> None:
        with suppress(OSError):  # the group: a ProxyCommand goes with its ssh
            os.killpg(self._process.pid, signal.SIGKILL)
