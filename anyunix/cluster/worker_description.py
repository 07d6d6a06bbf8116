"""What a worker says of itself: what this machine is, which anyunix it has, and what it can reach."""

import hashlib
import os
import platform as machine
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from anyunix import __version__
from anyunix.architecture import CPUS
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError
from anyunix.run.identity import digest_of_folders, identity_of
from anyunix.text import nearest

METRIC = "anyunix"
"""Among the metrics that a Dask worker sends to its scheduler."""
STANDS_FOR = "ANYUNIX_WORKER_AS"
"""The platforms that a worker's own machine is, by name, with commas."""
FOLDERS = ("differences", "Dockerfiles", "platforms")
TEXT_LIMIT = 500


class WorkerDescription(msgspec.Struct, frozen=True):
    """One worker, as it says."""

    host: str
    """The name of its machine."""
    boot: str
    """What tells that machine from others of the same name."""
    cpu: str
    """As Docker calls it: `arm64`."""
    version: str
    """Of anyunix."""
    content: str
    """SHA-256 of the suite, and of all else that came with it and decides about results."""
    resources: tuple[str, ...]
    """What it has: `docker`, `kvm`, `cpu=arm64`, `platform=freebsd`."""
    lacks: Mapping[str, str]
    """Platform -> why it does not run there."""
    proof: str = ""
    """That it has the shared key (shared_key.proof)."""
    up: tuple[str, ...] = ()
    """Platforms that it keeps up at the moment."""


def describe(catalog: Catalog, stands_for: tuple[str, ...] = ()) -> WorkerDescription:
    """This machine; an engine that does not answer makes it take a while. Raises ConfigurationError."""
    platforms = [each for each in map(catalog.platform, catalog.platform_names()) if each.options.runs]
    for name in stands_for:
        if name not in [each.name for each in platforms]:
            known = [each.name for each in platforms]
            raise ConfigurationError(f"--as {name}: no platform is called that{nearest(name, known)}")
    drivers = Drivers()
    lacks = {
        each.name: reason
        for each in platforms
        if each.name not in stands_for and (reason := drivers.for_platform(each).available())
    }
    reached = [each for each in platforms if each.name not in lacks]
    return WorkerDescription(
        host=socket.gethostname(),
        boot=boot_of_this_machine(),
        cpu=cpu_here(),
        version=__version__,
        content=content_of(catalog),
        resources=tuple(
            dict.fromkeys(
                [
                    *(each.driver for each in reached if each.name not in stands_for),
                    *(["kvm"] if os.access("/dev/kvm", os.W_OK) else []),
                    f"cpu={cpu_here()}",
                    *(f"platform={each.name}" for each in reached),
                ]
            )
        ),
        lacks=lacks,
    )


@cache
def boot_of_this_machine() -> str:
    """The boot ID, else the name."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return os.uname().nodename


def content_of(catalog: Catalog) -> str:
    """Two with the same content and version get the same results from the same subject."""
    own = identity_of(catalog.suite, map(catalog.subject, catalog.subject_names()))
    marks = [own.suite, *own.subjects.values(), digest_of_folders(catalog.root, FOLDERS)]
    return hashlib.sha256("".join(marks).encode()).hexdigest()


def suite_digest(suite: Path) -> str:
    """Of a suite with a user's own probes in it."""
    identity = identity_of(suite, [])
    return "-".join([identity.suite, *(f"{name}:{mark}" for name, mark in sorted(identity.probes.items()))])


def cpu_here() -> str:
    """Docker's word for the CPU of this machine: `amd64`."""
    found = next((cpu for cpu in CPUS if machine.machine() in cpu.uname), None)
    return cpu_of(found.docker) if found else machine.machine()


def cpu_of(docker: str) -> str:
    """`linux/arm/v7` -> `arm/v7`."""
    return docker.partition("/")[2]


def needs_of(platform: Platform, known: frozenset[str]) -> frozenset[str]:
    """The resources that a worker has to have; `known` are the names of the platforms that came with anyunix."""
    here = {f"platform={platform.base}"} if platform.base in known else {platform.driver}
    cpu = getattr(platform.options, "cpu", "")
    return frozenset(here | ({f"cpu={cpu_of(cpu)}"} if platform.native else set()))


def read_description(metrics: Any, worker: str) -> WorkerDescription | str:
    """What a scheduler has of a worker; or why that is no worker of anyunix. Input is untrusted."""
    found = metrics.get(METRIC) if isinstance(metrics, Mapping) else None
    if found is None:
        return f"{worker} is no worker of anyunix: start it with `anyunix worker ADDRESS`"
    try:
        if not isinstance(found, str):
            raise TypeError(f"expected a text, found {type(found).__name__}")
        return msgspec.json.decode(found, type=WorkerDescription)
    except (msgspec.DecodeError, TypeError, RecursionError) as error:
        return f"{worker} says of itself what this anyunix does not understand: {str(error)[:TEXT_LIMIT]}"
