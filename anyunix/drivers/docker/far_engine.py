"""An engine on another machine, reached as the command `docker` does it: by `docker system dial-stdio` over SSH.

Whoever connects to the socket that is made here gets an ssh of their own, which carries that one connection. So the
client of the engine needs to know nothing of SSH, and nothing but `docker` or `podman` is needed there.
"""

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from contextlib import suppress

from anyunix.drivers.ssh.call import NoAnswer
from anyunix.drivers.ssh.destination import SCHEME, Destination, parse_destination
from anyunix.drivers.ssh.reasons import last_line, reason
from anyunix.drivers.ssh.ssh_driver import OPTIONS
from anyunix.errors import PlatformError
from anyunix.host.scratch import SHORT, Scratch

END_SECONDS = 5.0
"""How long an ssh that lost its connection gets to say why."""
PATH = re.compile(r"[A-Za-z0-9._/-]+")
PLACES = "/usr/local/bin:/opt/homebrew/bin:/snap/bin"
"""Where they may be, too: a command over SSH gets a PATH without much in it."""
NONE_THERE = "neither docker nor podman is on PATH there"
# for whatever shell the user has there: no newline, no `!`, no quote inside of the quotes
DIAL = (
    "exec /bin/sh -c '"
    'PATH="$PATH:{places}"; export PATH; '
    "command -v docker >/dev/null && exec docker {docker} system dial-stdio; "
    "command -v podman >/dev/null && exec podman {podman} system dial-stdio; "
    "echo {none} >&2; exit 127'"
)


class FarEngine:
    """`url` is where it can be asked, a socket of this machine. Safe to use from many threads."""

    def __init__(self, address: str) -> None:
        """`address`: ssh://USER@HOST:PORT/ITS-SOCKET; all but the host may be left out. Raises PlatformError."""
        place, _, path = address.removeprefix(SCHEME).partition("/")
        try:
            self._target: Destination = parse_destination(SCHEME + place)
        except ValueError as error:
            raise PlatformError(f"{address}: {error}") from None
        if not shutil.which("ssh"):
            raise PlatformError(f"{address}: no ssh on PATH: install OpenSSH's client (Debian: openssh-client)")
        if path and not PATH.fullmatch(path):
            raise PlatformError(
                f"{address}: the path of a socket is expected after the host, of letters, digits, . _ - /"
            )
        self._folder = Scratch(SHORT)
        # the first one's connection is everybody's: a login costs more than all that is asked
        shared = (*OPTIONS, "ControlMaster=auto", f"ControlPath={self._folder.path}/%C")
        options = [word for option in shared for word in ("-o", option)]
        self._command = ["ssh", *options, *self._target.words(), _dial(path)]
        self._errors = self._folder.path / "ssh"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder.path / "engine"))
        self._listener.listen(64)
        self._running: list[subprocess.Popen[bytes]] = []
        self.url = f"unix://{self._folder.path}/engine"
        threading.Thread(target=self._serve, daemon=True).start()

    def why_not(self) -> str | None:
        """What the last ssh said that lost its connection, with what to type next; None for nothing."""
        end = time.monotonic() + END_SECONDS
        while any(each.poll() is None for each in self._running) and time.monotonic() < end:
            time.sleep(0.02)
        said = self._errors.read_text(errors="replace") if self._errors.exists() else ""
        if NONE_THERE in said:
            return f"{self._target}: {NONE_THERE}: install one of them, or put it on the PATH of `ssh {self._target}`"
        return reason(self._target, NoAnswer(said, "")) if last_line(said) else None

    def close(self) -> None:
        """End all connections. Idempotent."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes up who accepts
        self._listener.close()
        for each in self._running:
            with suppress(OSError):
                each.kill()
            each.wait()
        self._folder.remove()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                with connection, self._errors.open("ab") as errors:
                    self._running = [each for each in self._running if each.poll() is None]
                    self._running.append(
                        # in a session of its own: no terminal to ask on, and Ctrl-C is left to whoever asked
                        subprocess.Popen(
                            self._command,
                            stdin=connection.fileno(),
                            stdout=connection.fileno(),
                            stderr=errors,
                            start_new_session=True,
                            env={**os.environ, "LC_ALL": "C"},
                        )
                    )


def _dial(path: str) -> str:
    docker, podman = (f"--host unix:///{path}", f"--url unix:///{path}") if path else ("", "")
    return DIAL.format(docker=docker, podman=podman, places=PLACES, none=NONE_THERE)
