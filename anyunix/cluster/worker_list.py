"""The workers of a scheduler, as whoever may run cells there sees them."""

import time
from typing import Any

from anyunix import __version__
from anyunix.catalog.lookup import Catalog
from anyunix.cluster.dask_connection import DaskConnection, SchedulerGone
from anyunix.cluster.members import Member, Members, WantedWorker
from anyunix.cluster.worker_description import content_of
from anyunix.errors import PlatformError
from anyunix.run.matrix import NOBODY
from anyunix.text import safe

PLATFORM = "platform="
HEARD_SECONDS, LOOK_SECONDS = 5.0, 0.2
"""A worker that joins just now has not said yet what it is."""


def list_workers(address: str, key: bytes, catalog: Catalog) -> list[dict[str, Any]]:
    """Those that are there, each as plain data. Raises ConfigurationError, PlatformError."""
    wanted = WantedWorker(__version__, content_of(catalog), key)
    with DaskConnection(address) as connection:
        until = time.monotonic() + HEARD_SECONDS
        while True:
            members = Members(wanted, NOBODY.works)
            try:
                members.see(connection.workers())
            except SchedulerGone as reason:
                raise PlatformError(f"--cluster {address}: the scheduler is gone: {reason}") from None
            if (members.there and not members.refused) or time.monotonic() > until:
                break
            time.sleep(LOOK_SECONDS)
    refused = [{"name": name, "refused": reason} for name, reason in sorted(members.refused.items())]
    return [*sorted(map(_data, members.there.values()), key=lambda each: str(each["name"])), *refused]


def _data(member: Member) -> dict[str, Any]:
    """Input is untrusted."""
    found = member.description
    resources = [safe(each) for each in found.resources]
    return {
        "name": member.name,
        "refused": "",
        "cpu": safe(found.cpu),
        "jobs": member.threads,
        "has_the_key": member.trusting,
        "resources": [each for each in resources if not each.startswith(PLATFORM)],
        "platforms": [each.removeprefix(PLATFORM) for each in resources if each.startswith(PLATFORM)],
        "lacks": {safe(name): safe(reason) for name, reason in found.lacks.items()},
    }
