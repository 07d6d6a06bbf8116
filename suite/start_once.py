"""Starts the subject once, as probes do, has one client served, and stops it: a subject file that is wrong shows here.

    python3 start_once.py

Prints one line of JSON, `{"error": …, "message": …}`; both are empty when the server started, or need not start here.
ANYUNIX_SUBJECT and ANYUNIX_BIND are as for the probes.
"""

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from support.differences import NotSwitchedOn
from support.launcher import Launcher
from support.net import can_bind
from support.starting import CannotBeHere
from support.subject import BIND_VARIABLE, subject_from_environment

STOP_SECONDS = 2.0


class NotServed(AssertionError):
    """The server came to listen, and did not do what `talk` says."""


def main() -> None:
    error, message = "", ""
    with tempfile.TemporaryDirectory(prefix="start-", ignore_cleanup_errors=True) as name:
        try:
            start(Path(name))
        except (AssertionError, OSError, NotSwitchedOn, CannotBeHere) as caught:
            error, message = type(caught).__name__, str(caught) or repr(caught)
    print(json.dumps({"error": error, "message": message}), flush=True)


def start(folder: Path) -> None:
    """Raises NotReady, NotServed, OSError, NotSwitchedOn, CannotBeHere."""
    subject = subject_from_environment()
    bind = os.environ.get(BIND_VARIABLE, "")
    if subject is None or (bind == "ipv6" and can_bind("::1")):
        return  # nothing to start; no IPv6 to be served over, so the contracts are left out
    os.environ.update(HOME=str(folder), TMPDIR=str(folder), TZ="UTC", LC_ALL="C")
    os.umask(0o022)
    launcher = Launcher(subject, bind or next(iter(subject.binds)), folder)
    try:
        server = launcher()
        try:
            server.serve()
        except (AssertionError, OSError) as error:
            said = f"it is ready, and its first client is not served: {error}"
            raise NotServed("\n".join([said, *launcher.deaths()])) from None
        with suppress(AssertionError, OSError):  # whether it ends as promised is for contracts to say
            server.stop(STOP_SECONDS)
    finally:
        launcher.end()


if __name__ == "__main__":
    main()
