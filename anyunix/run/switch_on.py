"""Differences switched on for a cell on its platform, before anything is started there."""

from dataclasses import dataclass

import msgspec

from anyunix.drivers.base import Completed, Driver
from anyunix.errors import NotRun, PlatformError
from anyunix.payload.archive import SITE, SUITE
from anyunix.payload.supervised import last_words, run_supervised
from anyunix.text import first_line

SWITCH_ON = SUITE / "switch_on.py"
BUILD_SECONDS = 120.0


@dataclass(frozen=True)
class SwitchAnswer:
    """What suite/switch_on.py answers."""

    error: str
    """Empty when all that is preloaded is there."""


def switch_on(driver: Driver, slowness: int, *, for_facts: bool = False) -> Completed:
    """Compile there what is preloaded and was not sent; what was said. `for_facts`: limits have to be exactly these.

    Raises NotRun, PlatformError.
    """
    command = ["python3", str(SWITCH_ON), *(["--exactly"] if for_facts else [])]
    done = run_supervised(driver, command, BUILD_SECONDS * slowness, python_path=(SITE, SUITE))
    lines = done.stdout.splitlines()
    if done.timed_out or done.status or not lines:
        raise PlatformError(f"the differences could not be switched on: {last_words(done)}")
    try:
        built = msgspec.json.decode(lines[-1], type=SwitchAnswer)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise PlatformError(
            f"the differences could not be switched on: what came back is no answer: {error}"
        ) from error
    if built.error:
        raise NotRun(f"not tried: {first_line(built.error)}")
    return done
