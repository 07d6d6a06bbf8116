"""Commands on a platform under suite/supervise.py, which ends all they start: what cells and reproductions share."""

import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

import msgspec

from anyunix.drivers.base import Completed, Driver, Progress
from anyunix.errors import PlatformError
from anyunix.host.owner import own
from anyunix.payload.archive import DIFFERENCES, HELPERS, SITE, SUBJECT_FILE, SUITE
from anyunix.text import first_line

T = TypeVar("T")
CELL = "ANYUNIX_CELL"
"""The variable by which supervise.py knows the processes of a command; it begins with the owner's short name."""
LEFT_BEHIND = "supervise: left behind and ended: "
NAMED = 20
TIMED_OUT = 124
"""supervise.py's exit status when the time was over."""
GRACE_SECONDS = 30.0
"""How much longer the driver waits than supervise.py, which has to end everything first."""


def run_supervised(
    driver: Driver,
    command: Sequence[str],
    seconds: float,
    *,
    folder: PurePosixPath | None = None,
    python_path: Sequence[PurePosixPath] = (SITE,),
    environment: Mapping[str, str] | None = None,
    say: Progress | None = None,
) -> Completed:
    """Run a command in a folder of the unpacked payload for at most `seconds`; `timed_out` when that was too short.

    Raises PlatformError when the platform is lost.
    """
    path = ":".join(f"$top/{place}" for place in python_path)
    script = (
        f'top=$PWD; cd "./{folder or PurePosixPath()}" && '
        f'exec env PYTHONPATH="{path}" ANYUNIX_SUBJECT="$top/{SUBJECT_FILE}" '
        f'ANYUNIX_HELPERS="$top/{HELPERS}" ANYUNIX_DIFFERENCES="$top/{DIFFERENCES}" TMPDIR="$top" HOME="$top" '
        f'python3 -S "$top/{SUITE}/supervise.py" {seconds:g} {shlex.join(command)}'
    )
    done = driver.run(
        ["sh", "-c", script], env={**(environment or {}), CELL: new_tag()}, timeout=seconds + GRACE_SECONDS, say=say
    )
    return replace(done, timed_out=done.timed_out or done.status == TIMED_OUT)


def new_tag() -> str:
    """Marks what a command starts as this process's, and as nobody else's."""
    return f"{own().short}.{secrets.token_hex(16)}"


def left_behind(log: str) -> tuple[str, ...]:
    """The processes that supervise.py found after a command's end, and ended, out of what it said."""
    return tuple(line.removeprefix(LEFT_BEHIND) for line in log.splitlines() if line.startswith(LEFT_BEHIND))[:NAMED]


def ask(
    driver: Driver,
    name: str,
    answer: type[T],
    command: Sequence[str],
    seconds: float,
    python_path: Sequence[PurePosixPath],
) -> T:
    """What a command on the platform `name` answers: the last line that it prints, as JSON. Raises PlatformError."""
    done = run_supervised(driver, command, seconds, python_path=python_path)
    lines = done.stdout.splitlines()
    if done.timed_out or done.status or not lines:
        raise PlatformError(f"{name}: {f'not done within {seconds:g} s' if done.timed_out else last_words(done)}")
    try:
        return msgspec.json.decode(lines[-1], type=answer)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise PlatformError(f"{name}: what came back is no answer: {error}") from error


def last_words(done: Completed) -> str:
    """How a command ended, and the last line that it said; safe to print."""
    said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["it said nothing"]
    return f"exit status {done.status}: {first_line(said[-1])[:300]}"
