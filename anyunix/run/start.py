"""The subject started once on a platform before the suite: one that cannot start fails in seconds, by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from anyunix.drivers.base import Completed, Driver
from anyunix.errors import NotRun, PlatformError
from anyunix.payload.archive import SUITE
from anyunix.payload.supervised import last_words, run_supervised
from anyunix.results.model import STARTS, Matrix, Probe
from anyunix.text import first_line, safe

START_SECONDS = 300.0
"""Longer than suite/start_once.py waits for a server to be ready: 15 s, and up to 150 s on a busy machine."""
SCRIPT = SUITE / "start_once.py"
NOT_TRIED = ("NotSwitchedOn", "CannotBeHere")
"""Exceptions of suite/support/differences.py and starting.py: what is to be on for the server is not; or it cannot be
started in the way that its file asks for."""
LIMIT = 4_000
"""Characters of what a platform says about it that are kept."""


@dataclass(frozen=True)
class Started:
    """What suite/start_once.py answers; both empty when the server starts."""

    error: str
    message: str


def start_once(
    driver: Driver, bind: str, slowness: int, environment: Mapping[str, str]
) -> tuple[Probe | None, Completed]:
    """The contract that the subject starts, where it fails; and what was said. Raises PlatformError, NotRun."""
    done = run_supervised(
        driver,
        ["python3", str(SCRIPT)],
        START_SECONDS * slowness,
        python_path=(SUITE,),
        environment={**environment, "ANYUNIX_BIND": bind, "ANYUNIX_SLOWNESS": str(slowness)},
    )
    if done.timed_out:
        return _failed(Started("NotReady", f"the first start was not done within {START_SECONDS * slowness:g} s")), done
    lines = done.stdout.splitlines()
    if done.status or not lines:
        raise PlatformError(f"the subject could not be started once: {last_words(done)}")
    try:
        answer = msgspec.json.decode(lines[-1], type=Started)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise PlatformError(f"the subject could not be started once: what came back is no answer: {error}") from error
    if answer.error in NOT_TRIED:
        raise NotRun(f"not tried: {first_line(answer.message)}")
    return (_failed(answer) if answer.error else None), done


def never_started(matrix: Matrix) -> dict[str, str]:
    """Subjects that started on none of the platforms that ran -> what to print of each.

    Such a one says nothing about platforms: its file is wrong, or it does not work at all.
    """
    found = {}
    for subject in dict.fromkeys(cell.subject for cell in matrix.cells):
        ran = [cell for cell in matrix.cells if cell.subject == subject and cell.status == "ran"]
        failed = [probe for cell in ran for probe in cell.probes if probe.id == STARTS and not probe.expected]
        if len(failed) == len(ran) > 0 and all([probe.id for probe in cell.probes] == [STARTS] for cell in ran):
            places = ", ".join(dict.fromkeys(cell.platform for cell in ran))
            said = "\n".join(line.removeprefix("E   ") for line in safe(failed[0].message).splitlines())
            found[subject] = (
                f"subject {subject!r} cannot be started ({places}): {said}\n"
                "look at start, ready and talk in its file; the log is in the output folder, in cells/"
            )
    return found


def _failed(answer: Started) -> Probe:
    message = "\n".join(f"E   {line}" for line in answer.message[:LIMIT].splitlines())
    return Probe(STARTS, "contract", "failed", message, error=answer.error[:80])
