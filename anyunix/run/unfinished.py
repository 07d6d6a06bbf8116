"""A suite that did not come to its end: the probes that it had finished, one by one, are not lost."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from anyunix.drivers.base import Driver
from anyunix.errors import PlatformError
from anyunix.results.junit import XML_LIMIT, BadResults, read_junit
from anyunix.results.model import Probe

FINISHED = PurePosixPath("finished.xml")
"""Written by suite/support/finished.py, beside the suite."""
CASE_END = b"</testcase>\n"


class Unfinished(PlatformError):
    """A suite did not come to its end: why, and the probes that it brought until then."""

    def __init__(self, reason: str, probes: tuple[Probe, ...]) -> None:
        super().__init__(reason)
        self.probes = probes


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
