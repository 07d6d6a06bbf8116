"""What runs a container and what it is held in: the runtime, a seccomp profile, an AppArmor profile."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anyunix.drivers.docker.docker_options import UNCONFINED, DockerOptions

SHIM = "io.containerd."
"""How the names of containerd's shims begin, which Docker 23 and later take unlisted, where they are on its PATH."""


def cannot_confine(options: DockerOptions, info: Mapping[str, Any]) -> str | None:
    """What an engine lacks of what the options ask for; None for nothing. `info` is the answer to `GET /info`.

    Without AppArmor in its kernel, Docker starts the container all the same, and unconfined (seen with 20.10).
    """
    runtimes = [name for name in info.get("Runtimes") or {} if not name.startswith(SHIM)]
    if options.runtime and options.runtime not in runtimes and not options.runtime.startswith(SHIM):
        return f"the engine has no runtime {options.runtime!r}: `docker info` lists {', '.join(sorted(runtimes))}"
    has = {option.partition(",")[0] for option in info.get("SecurityOptions") or ()}
    for key, asked, called in (("apparmor", options.apparmor, "AppArmor"), ("seccomp", options.seccomp, "seccomp")):
        if asked and asked != UNCONFINED and f"name={key}" not in has:
            return f"the engine has no {called}: its kernel, or the engine itself, is without it (`docker info`)"
    return None


def security_options(options: DockerOptions) -> list[str]:
    """For the engine. It may be on another machine, so it is sent the seccomp profile, and no path. Raises OSError."""
    found = ["no-new-privileges"]
    if options.seccomp:
        found.append(f"seccomp={UNCONFINED if options.seccomp == UNCONFINED else Path(options.seccomp).read_text()}")
    if options.apparmor:
        found.append(f"apparmor={options.apparmor}")
    return found
