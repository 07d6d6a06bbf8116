"""What a process's descriptors stand for."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from itertools import count
from posixpath import relpath

from anyunix.trace.words import temporary, unnumbered

DESCRIPTOR = re.compile("[0-9]{1,9}")
RETURNING = (
    "kqueue",
    "kqueuex",
    "epoll_create",
    "epoll_create1",
    "eventfd",
    "eventfd2",
    "signalfd",
    "signalfd4",
    "timerfd_create",
    "shm_open",
    "shm_open2",
    "memfd_create",
    "inotify_init",
    "inotify_init1",
)
"""Calls that return a descriptor of which nothing is said."""


@dataclass
class Descriptors:
    """Of one process; those that are no business of the subject's have no name."""

    folder: str
    processes: Container[int]
    """The numbers of all processes of the trace."""
    names: dict[str, str] = field(default_factory=lambda: {"0": "stdin", "1": "stdout", "2": "stderr"})
    masks: int = 0
    """How many of libc's own `block everything` are not taken back yet; a child takes back its parent's."""
    taken: set[int] = field(default_factory=lambda: {0, 1, 2})
    """All that are open, with a name or without."""
    temporaries: dict[str, str] = field(default_factory=dict)
    """Path -> what it is called: those that were made under a name of chance, by whatever process."""

    def inherited(self) -> "Descriptors":
        return Descriptors(self.folder, self.processes, dict(self.names), self.masks, set(self.taken), self.temporaries)

    def file(self, path: str) -> str | None:
        """The name of a file of the subject's: its path in the probe's folder."""
        plain = path.strip('"')
        if not plain.startswith(self.folder + "/"):
            return None
        for made, called in self.temporaries.items():
            if plain == made or plain.startswith(made + "/"):
                plain = called + plain[len(made) :]
        return unnumbered(relpath(plain, self.folder), self.processes)

    def made(self, path: str) -> None:
        """A file or folder was made that nobody had, under a name that may be chance's."""
        plain = path.strip('"')
        self.temporaries[plain] = temporary(plain)

    def opened(self, number: str, name: str | None) -> None:
        if DESCRIPTOR.fullmatch(number):
            self.taken.add(int(number))
            self.names.pop(number, None)
            if name is not None:
                self.names[number] = name

    def closed(self, number: str) -> str | None:
        """Its name."""
        if DESCRIPTOR.fullmatch(number):
            self.taken.discard(int(number))
        return self.names.pop(number, None)

    def closed_from(self, first: str, last: str) -> None:
        """All from the first to the last, or to the highest where that is no number."""
        if DESCRIPTOR.fullmatch(first):
            highest = int(last) if DESCRIPTOR.fullmatch(last) else max(self.taken, default=0)
            for number in [number for number in self.taken if int(first) <= number <= highest]:
                self.closed(str(number))

    def next_free(self) -> Iterator[str]:
        """Those that the next calls get: always the lowest (POSIX open)."""
        return (str(number) for number in count() if number not in self.taken)
