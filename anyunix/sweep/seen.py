"""What a server calls: seen by a tracer, and from inside of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from anyunix.errors import NotRun
from anyunix.results.model import CellResult
from anyunix.run.rerun import Records
from anyunix.sweep.sites import Site, sites_in
from anyunix.sweep.sweep_suite import INSIDE_PROBE, INSIDE_RECORD, SESSION_PROBE
from anyunix.text import first_line
from anyunix.trace.records import Record


@dataclass(frozen=True)
class SeenSites:
    """Its sites."""

    sites: tuple[Site, ...]
    """Those where something is to be changed; seen by a tracer, where one may run."""
    inside: Mapping[tuple[str, ...], Site] | str
    """Those that an object inside of it has seen, by their keys; or why there is none."""
    alike: tuple[Site, ...]
    """Those that are left out: a tracer cannot tell them from others, and nothing has seen them from inside."""
    runtime: tuple[Site, ...] = ()
    """Those that are left out as well: a runtime makes them before the server's own doing."""


def seen_in(session: CellResult, records: Records, stop: str) -> SeenSites:
    """From what came back of the session (suite/sweep/session.py), as `seen_by`."""
    return seen_by(records.of(session, SESSION_PROBE), _inside(session, records), stop)


def _inside(session: CellResult, records: Records) -> Record | str:
    """What the server was seen to do from inside, or why it was not."""
    probe = next((probe for probe in session.probes if probe.id == INSIDE_PROBE), None)
    if probe is not None and probe.outcome != "passed":
        return first_line(probe.message).removeprefix("Skipped: ").removeprefix("not tried: ")
    return records.of(session, INSIDE_RECORD)


def seen_by(traced: Record | str, recorded: Record | str, stop: str) -> SeenSites:
    """From both records, each of which may be the reason why there is none. `stop` is the signal that ends the server.

    Raises NotRun where there is neither, BadResults for a record without a server's start.
    """
    inside = (
        recorded if isinstance(recorded, str) else {each.key: each for each in sites_in(recorded, stop, "preload")[0]}
    )
    if not isinstance(traced, str):
        sites, alike = sites_in(traced, stop)
        known = {} if isinstance(inside, str) else inside
        told_apart = [known[each.key] for each in alike if each.key in known]
        return SeenSites((*sites, *told_apart), inside, tuple(each for each in alike if each.key not in known))
    if isinstance(inside, str):
        raise NotRun(f"{traced}; from inside of the server: {inside}")
    return SeenSites(tuple(inside.values()), inside, ())
