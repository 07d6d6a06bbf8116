"""Commands on a platform under suite/supervise.py, which ends all they start: what cells and reproductions share."""

import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from anyunix.drivers.base import Completed, Driver, Say
from anyunix.payload import HELPERS, SITE, SUBJECT_FILE, SUITE

TIMED_OUT = 124
"""supervise.py's exit status when the time was over."""
GRACE_SECONDS = 30.0
"""How much longer the driver waits than supervise.py, which has to end everything first."""


def run_supervised(driver: Driver, command: Sequence[str], seconds: float, *,
                   folder: PurePosixPath | None = None, python_path: Sequence[PurePosixPath] = (SITE,),
                   environment: Mapping[str, str] | None = None, say: Say | None = None) -> Completed:
    """Run a command in a folder of the unpacked payload for at most `seconds`; `timed_out` when that was too short.

    Raises PlatformError when the platform is lost.
    """
    path = ":".join(f"$top/{place}" for place in python_path)
    script = (f'top=$PWD; cd "./{folder or PurePosixPath()}" && '
              f'exec env PYTHONPATH="{path}" ANYUNIX_SUBJECT="$top/{SUBJECT_FILE}" '
              f'ANYUNIX_HELPERS="$top/{HELPERS}" TMPDIR="$top" HOME="$top" '
              f'python3 "$top/{SUITE}/supervise.py" {seconds:g} {shlex.join(command)}')
    done = driver.run(["sh", "-c", script], env={**(environment or {}), "ANYUNIX_CELL": secrets.token_hex(16)},
                      timeout=seconds + GRACE_SECONDS, say=say)
    return replace(done, timed_out=done.timed_out or done.status == TIMED_OUT)
