"""A suite that did not come to its end: the probes that it had finished, one by one, are not lost."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from anyunix.drivers.base import Completed, Driver
from anyunix.errors import PlatformError
from anyunix.results.junit import XML_LIMIT, BadResults, read_junit
from anyunix.results.model import Probe
from anyunix.run.planned import why

FINISHED = PurePosixPath("finished.xml")
"""Written by suite/support/finished.py, beside the suite."""
CASE_BEGIN, CASE_END = "<testcase ", b"</testcase>\n"
PYTEST_RAN = (0, 1)
"""pytest's exit statuses for a run that came to its end: all passed, some failed."""
PYTEST_INTERRUPTED = 2
NOT_LOADED = " during collection !"
"""What pytest says, then, when a file of the suite could not be imported."""


class Unfinished(PlatformError):
    """A suite did not come to its end: why, and the probes that it brought until then."""

    def __init__(self, reason: str, probes: tuple[Probe, ...]) -> None:
        super().__init__(reason)
        self.probes = probes


def why_unfinished(done: Completed, seconds: float) -> str:
    """Why a run of pytest did not come to its end within `seconds`; empty when it did.

    Raises PlatformError where the suite cannot be loaded, so that no probe can have come back.
    """
    last = next((line for line in reversed(done.stdout.splitlines()) if "::" in line), "none")
    if done.timed_out:
        return f"the suite did not end within {seconds:g} s; the last probe was {last.split()[0]}"
    if done.status == PYTEST_INTERRUPTED and NOT_LOADED in done.stdout:
        raise PlatformError(f"the suite cannot be loaded there: {why(done.stdout, done.stderr)}")
    if done.status not in PYTEST_RAN:
        said = " | ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-3:])
        return f"pytest ended with status {done.status} after {last.split()[0]}: {said}"
    return ""


def heard_probe(line: str) -> Probe | None:
    """The probe whose result a line of the suite's output is (suite/support/finished.py, aloud); None for any other
    line, and for one that is not what the suite writes.
    """
    if not line.startswith(CASE_BEGIN) or not line.encode().endswith(CASE_END.strip()):
        return None
    try:
        return next(iter(read_junit(f"<testsuites>{line}</testsuites>".encode())), None)
    except BadResults:
        return None


def finished_probes(driver: Driver, planned: Iterable[str]) -> tuple[bytes, tuple[Probe, ...]]:
    """What the platform wrote down, as a JUnit file, and those of its probes that were planned.

    Nothing where the platform is lost, or what came back is not what the suite writes.
    """
    try:
        written = driver.get(FINISHED, limit=XML_LIMIT)
        junit = b"<testsuites>\n" + written[: written.rfind(CASE_END) + len(CASE_END)] + b"</testsuites>\n"
        wanted = set(planned)
        return junit, tuple(probe for probe in read_junit(junit) if probe.id in wanted)
    except (PlatformError, BadResults):
        return b"", ()
