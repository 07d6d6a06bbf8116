"""A sweep for programs: as JSON, and as JUnit XML."""

from collections.abc import Iterator

import msgspec

from anyunix import __version__
from anyunix.report.out_folder import merged_junit
from anyunix.sweep.sweep_gate import matrix_of
from anyunix.sweep.swept import Sweeps

SCHEMA = 1


def as_json(found: Sweeps) -> str:
    """One list of all injections, each with its platform."""
    platforms = [
        {
            "name": sweep.platform,
            "seconds": sweep.seconds,
            "reason": sweep.reason,
            "alike": list(sweep.alike),
            "runtime": list(sweep.runtime),
        }
        for sweep in found.each
    ]
    injections = [
        {"platform": sweep.platform, **msgspec.to_builtins(swept)} for sweep in found.each for swept in sweep.injections
    ]
    document = {
        "schema": SCHEMA,
        "anyunix": __version__,
        "subject": found.subject,
        "bind": found.bind,
        "started": found.started,
        "exit_status": found.exit_status,
        "platforms": platforms,
        "problems": list(found.problems),
        "injections": injections,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()


def as_junit(found: Sweeps) -> Iterator[bytes]:
    """A test suite a platform, a test case an injection."""
    return merged_junit(matrix_of(found))
