"""One line for people: on stderr, or to syslog once the server is detached."""

from __future__ import annotations

import os
from contextlib import suppress

from chatlib.common.io import STDERR


class Reporter:
    """Writes lines; shared with the children by fork."""

    def __init__(self, program: str) -> None:
        """Report as *program* on stderr."""
        self._program = program
        self._to_syslog = False

    def line(self, text: str) -> None:
        """Write one line. Never raises: a closed stderr or an absent syslog must not end a server."""
        if self._to_syslog:
            _syslog(text)
            return
        with suppress(OSError):
            os.write(STDERR, f"{self._program}: {text}\n".encode(errors="backslashreplace"))

    def use_syslog(self) -> None:
        """Send what follows to syslog(3): a daemon has no stderr."""
        self._to_syslog = True


def _syslog(text: str) -> None:
    # Imported here: only a daemon with something to report needs it.
    try:
        import syslog
    except ImportError:
        return
    syslog.openlog("chat-server", syslog.LOG_PID, syslog.LOG_DAEMON)
    syslog.syslog(syslog.LOG_ERR, text)
