"""What did not come with anyunix: workers run that for a client alone that shows the shared key.

The key decides what anyunix runs. Who may connect to a Dask scheduler can have it, and its workers, run code without
anyunix: that is decided by TLS, or by the network.
"""

from dataclasses import replace
from pathlib import PurePosixPath

from anyunix.catalog.builds import CHECKED, POISONED, SANITIZED, Build
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.switching import CannotSwitch, experimental
from anyunix.cluster.order_message import CellOrder
from anyunix.errors import ConfigurationError
from anyunix.run.identity import digest_of

BUILDS = (Build(), POISONED, CHECKED, SANITIZED)


def foreign_in(order: CellOrder, platform: Platform, catalog: Catalog, own_suite: str) -> str:
    """What of an order did not come with anyunix, as `subject nginx`; empty where all of it did. `own_suite` is the
    digest of the catalog's suite.
    """
    if order.suite_digest != own_suite:
        return "a suite with other probes"
    if not is_own_subject(order, catalog):
        return f"subject {order.subject.name}"
    if any(_leads_out(probe) for probe in order.probes):
        return "a probe that is not the suite's"
    if order.build not in BUILDS:
        return f"build {order.build.name}"
    return "" if _is_own_platform(platform, catalog) else f"platform {platform.name}"


def is_own_subject(order: CellOrder, catalog: Catalog) -> bool:
    """Whether it is one that came with anyunix: in what its file says as well as in its files."""
    if order.subject.name not in catalog.subject_names():
        return False
    own = catalog.subject(order.subject.name)
    return digest_of(own) == order.subject_digest and replace(order.subject, folder=own.folder) == own


def _leads_out(probe: str) -> bool:
    """Whether a probe's file may be another one than of the suite."""
    file = PurePosixPath(probe.partition("::")[0])
    return file.is_absolute() or ".." in file.parts


def _is_own_platform(platform: Platform, catalog: Catalog) -> bool:
    """One by the catalog's names, as it is or with known differences on, and nothing of it otherwise."""
    if platform.base not in catalog.platform_names():
        return False
    try:
        own = catalog.platform(platform.base)
        if platform.like and not own.like:
            own = catalog.likeness(own, platform.like)
        before = {each.name for each in own.switched_on}
        if added := [each for each in platform.switched_on if each.name not in before]:
            own = experimental(own, added)
    except (ConfigurationError, CannotSwitch):
        return False
    same = replace(platform, native=False, emulator=own.emulator, emulator_limits=own.emulator_limits)
    return same == own
