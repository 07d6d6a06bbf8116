"""What runs a container and what it is held in: the runtime, a seccomp profile, an AppArmor profile."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from anyunix.drivers.docker.connection import Connection, without_root
from anyunix.drivers.docker.docker_options import UNCONFINED, DockerOptions

DEFAULTS = {
    field.name: field.default
    for field in msgspec.structs.fields(DockerOptions)
    if field.name in ("memory", "processes")
}
SHIM = "io.containerd."
"""How the names of containerd's shims begin, which Docker 23 and later take unlisted, where they are on its PATH."""


def cannot_confine(options: DockerOptions, info: Mapping[str, Any], connection: Connection) -> str | None:
    """What an engine lacks of what the options ask for; None for nothing. `info` is the answer to `GET /info`.

    Without AppArmor in its kernel, Docker starts the container all the same, and unconfined (seen with 20.10).
    """
    if connection.is_podman and (reason := _podman_cannot(options, connection)):
        return reason
    if asks_for_limits(options) and not _limits(info):
        return (
            f"{connection.product} limits neither memory nor processes here: it has no root and no cgroups v2 "
            "(`docker info`, Cgroup Version)"
        )
    runtimes = [name for name in info.get("Runtimes") or {} if not name.startswith(SHIM)]
    if options.runtime and options.runtime not in runtimes and not options.runtime.startswith(SHIM):
        listed = ", ".join(sorted(runtimes))
        return f"{connection.product} has no runtime {options.runtime!r}: `docker info` lists {listed}"
    has = {option.partition(",")[0] for option in info.get("SecurityOptions") or ()}
    for key, asked, called in (("apparmor", options.apparmor, "AppArmor"), ("seccomp", options.seccomp, "seccomp")):
        if asked and asked != UNCONFINED and f"name={key}" not in has:
            return (
                f"{connection.product} has no {called}: its kernel, or the engine itself, is without it (`docker info`)"
            )
    return None


def asks_for_limits(options: DockerOptions) -> bool:
    """Whether the limits are what the platform is about, and not only a protection of this machine."""
    return any(getattr(options, key) != DEFAULTS[key] for key in DEFAULTS)


def security_options(options: DockerOptions, *, by_path: bool) -> list[str]:
    """For the engine. It may be on another machine, so it is sent the seccomp profile; Podman takes nothing but its
    path (containers/podman#27710). Raises OSError.
    """
    found = ["no-new-privileges"]
    if options.seccomp:
        sent = by_path or options.seccomp == UNCONFINED
        found.append(f"seccomp={options.seccomp if sent else Path(options.seccomp).read_text()}")
    if options.apparmor:
        found.append(f"apparmor={options.apparmor}")
    return found


def _podman_cannot(options: DockerOptions, connection: Connection) -> str | None:
    if options.runtime:
        return (
            f"{connection.product} runs all containers of its Docker API by one runtime, and ignores the platform's, "
            f"{options.runtime!r}: ask Docker, or start Podman's service with --runtime={options.runtime} and leave "
            "the key out"
        )
    if options.seccomp not in ("", UNCONFINED) and not connection.where.is_here:
        return f"{connection.product} reads a seccomp profile from its own machine's files, and is on another one"
    return None


def _limits(info: Mapping[str, Any]) -> bool:
    """Podman without root claims limits that it ignores where cgroups are of version 1 (podman-run(1), --memory)."""
    if without_root(info) and str(info.get("CgroupVersion")) == "1":
        return False
    return bool(info.get("MemoryLimit") and info.get("PidsLimit", True))
