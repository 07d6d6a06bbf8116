"""How long probes took: those that take longest begin first, so that nothing is left to wait for at the end."""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from anyunix.host.regular import read_regular
from anyunix.host.user_cache import user_cache
from anyunix.host.whole_file import write_whole
from anyunix.results.model import Probe

FILE = "durations.json"
LONG_SECONDS = 0.25
"""From here on a probe is remembered."""
SIZE_LIMIT = 1024 * 1024
"""Bytes of the file that are read at most."""
FIRST = 40
"""Probes that begin before the others, at most."""


class Durations:
    """What the last run of each probe took. Safe to use from the threads of many cells."""

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self._lock = threading.Lock()
        self._seconds = dict(seconds or {})

    def longest(self) -> list[str]:
        """The IDs of long probes, the longest first."""
        with self._lock:
            return sorted(self._seconds, key=lambda probe: -self._seconds[probe])[:FIRST]

    def add(self, probes: Iterable[Probe]) -> None:
        """Of a run that has ended. What is no longer long is forgotten."""
        with self._lock:
            for probe in (probe for probe in probes if probe.tried):
                if probe.seconds >= LONG_SECONDS:
                    self._seconds[probe.id] = probe.seconds
                else:
                    self._seconds.pop(probe.id, None)

    def save(self, path: Path) -> None:
        """For the next run; one that cannot be kept costs nothing but time."""
        with self._lock:
            data = msgspec.json.encode(self._seconds)
        try:
            write_whole(path, data)
        except OSError:
            return


def durations_file() -> Path | None:
    """In the user's cache, where there is one."""
    cache = user_cache()
    return cache and cache / FILE


def read_durations(path: Path) -> Durations:
    """Those that an earlier run kept; none where there is no file, or no such file."""
    try:
        return Durations(msgspec.json.decode(read_regular(path, SIZE_LIMIT), type=dict[str, float]))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Durations()
