"""Calls of an interpreter's or a language's runtime before the server's own doing begins.

Two rules, both about the first process while it starts, and never about a file below the probe's folder:

- what it does before it opens the script that the start command names is the interpreter's;
- a program in Go, known by a file that only its runtime reads, asks with sockets of its own whether there is IPv6,
  ending with a bind to ::ffff:127.0.0.1 (net/ipsock_posix.go), and makes a pipe to wake its poller (runtime/netpoll):
  what comes before that bind is the runtime's, and so is the first pipe.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from anyunix.sweep.sites import Site
from anyunix.trace.calls import CANONICAL
from anyunix.trace.events import Event
from anyunix.trace.records import Record
from anyunix.trace.strace import read_strace

OPENS = ("open", "openat")
OF_GO = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
LAST_QUESTION = '"::ffff:127.0.0.1"'


def without_runtime(sites: Iterable[Site], record: Record | str, start: Sequence[str]) -> tuple[list[Site], list[Site]]:
    """The sites that are the server's own, and those that are the runtime's. `start` is the start command.

    Of a server that no tracer looked at, for the reason that stands in place of a record, nothing is known.
    """
    if isinstance(record, str) or not record.texts:
        return list(sites), []
    events = read_strace(record.texts[0])
    first = [event for event in events if event.pid == events[0].pid and event.kind == "call"]
    theirs = Counter(event.name for event in first[: _own_begins(first, start)])
    if _is_go(first):
        pipe = next((event.name for event in first if CANONICAL.get(event.name) == "pipe"), "pipe")
        theirs |= Counter({pipe: 1})
    own, of_runtime = [], []
    for site in sites:
        places = tuple(place for place in site.places if not _is_theirs(site, place, theirs))
        if places:
            own.append(replace(site, places=places))
        else:
            of_runtime.append(site)
    return own, of_runtime


def _is_theirs(site: Site, place: int, theirs: "Counter[str]") -> bool:
    return (site.phase, site.who, site.path) == ("starting", "first", "") and place <= theirs[site.call]


def _own_begins(first: Sequence[Event], start: Sequence[str]) -> int:
    """The place of the call with which the server's own doing begins."""
    scripts = {PurePosixPath(word).name for word in start if "{" not in word and not word.startswith("-")}
    is_go = _is_go(first)
    for at, event in enumerate(first):
        if event.name in OPENS and PurePosixPath(_path(event)).name in scripts and not event.error:
            return at
        if is_go and event.name == "bind" and LAST_QUESTION in ",".join(event.arguments):
            return at + 1
    return 0


def _is_go(first: Sequence[Event]) -> bool:
    return any(event.name in OPENS and _path(event) == OF_GO for event in first)


def _path(event: Event) -> str:
    """Of a call that opens."""
    return next((word.strip('"') for word in event.arguments[:2] if word.startswith('"')), "")
