"""Facts are the platform's: one cell on it measures them for all."""

import threading
from typing import Protocol


class WhoMeasures(Protocol):
    """Decides which cell of each platform measures its facts."""

    def claim(self, platform: str) -> bool:
        """Whether the caller is to measure; then nobody else is."""

    def give_up(self, platform: str) -> None:
        """The caller could not."""


class FactsOnce:
    """Which cell of each platform measures. Safe to use from the threads of many cells."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claimed: set[str] = set()

    def claim(self, platform: str) -> bool:
        """Whether the caller is to measure; then nobody else is."""
        with self._lock:
            mine = platform not in self._claimed
            self._claimed.add(platform)
            return mine

    def give_up(self, platform: str) -> None:
        """The caller could not: the next cell is to measure."""
        with self._lock:
            self._claimed.discard(platform)
