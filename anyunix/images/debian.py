"""Debian root file systems for any CPU, by mmdebstrap from the mirror that this machine's apt uses."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from anyunix.architecture import BY_DOCKER_NAME
from anyunix.drivers.base import Progress
from anyunix.errors import PlatformError
from anyunix.host.emulators import no_handler
from anyunix.images.store import Base
from anyunix.text import first_line

PACKAGES = "python3-minimal,libpython3-stdlib,gcc,libc6-dev,make,strace"
"""So that the Dockerfiles have nothing to install, and need no network."""
NAME = re.compile(r"(?:[\w-]+/)?debian:(?P<suite>[a-z]+)(?:-slim)?")
MAKE_SECONDS = 3600
OUT_OF_STEP = ("Mirror sync in progress", "404  Not Found")
ALIASES = ("stable", "oldstable")
"""Other names that a mirror may hold the same release under, while what it has under its name is out of step."""


def suite_of(base: Base) -> str | None:
    """`trixie` for `s390x/debian:trixie-slim`; None for what is no Debian image."""
    found = NAME.fullmatch(base.name)
    return found["suite"] if found and base.cpu in BY_DOCKER_NAME else None


def missing() -> str | None:
    """None when Debian images can be made here, else what to install."""
    for program in ("mmdebstrap", "arch-test"):  # mmdebstrap asks the other one whether a CPU's programs run here
        if not shutil.which(program):
            return f"no {program} on PATH: apt-get install mmdebstrap arch-test (Debian, Ubuntu)"
    return None if shutil.which("apt-get") else "no apt-get on PATH: Debian images are made where apt is configured"


def mirror() -> str:
    """The URI that apt on this machine gets Debian from. Raises PlatformError."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(RELEASE)|$(SITE)", "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.split("|") for line in done.stdout.splitlines()]
    found = next((line[2] for line in lines if len(line) == 3 and line[0] == "Debian" and "-" not in line[1]), None)
    if found is None:
        raise PlatformError(
            "apt on this machine gets no Debian release from anywhere: add one to "
            "/etc/apt/sources.list.d, and apt-get update"
        )
    return found


def make_debian(base: Base, archive: Path, say: Progress) -> None:
    """Write the root file system of a base image to a tar archive. Raises PlatformError."""
    suite = str(suite_of(base))
    if reason := no_handler(base.cpu):
        raise PlatformError(reason)
    source, port = mirror(), BY_DOCKER_NAME[base.cpu].debian
    for name in (suite, *ALIASES):
        say(f"{base.name}: mmdebstrap {name} for {port}, some minutes")
        said = _mmdebstrap(name, port, source, archive)
        if said is None:
            break
        if not any(words in said for words in OUT_OF_STEP) or name == ALIASES[-1]:
            raise PlatformError(f"mmdebstrap fails for {base.name}: {_error(said)}")
        say(f"{base.name}: the mirror is out of step under the name {name}")
    if (made := codename(archive)) != suite:
        raise PlatformError(f"mmdebstrap made {made or 'a release without a name'}, not {suite}: nothing is imported")


def _mmdebstrap(suite: str, architecture: str, source: str, archive: Path) -> str | None:
    """None when the archive is written, else what mmdebstrap said."""
    command = [
        "mmdebstrap",
        "--variant=minbase",
        f"--architectures={architecture}",
        f"--include={PACKAGES}",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        suite,
        str(archive),
        source,
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=MAKE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"E: {error}"
    return done.stderr or f"E: exit status {done.returncode}" if done.returncode else None


def _error(said: str) -> str:
    """The first line in which mmdebstrap or apt names an error."""
    lines = said.strip().splitlines()
    return first_line(next((line for line in lines if line.startswith("E:")), lines[-1] if lines else ""))


def codename(archive: Path) -> str:
    """VERSION_CODENAME of a root file system, as its os-release(5) has it; empty when there is none."""
    with tarfile.open(archive) as tar:
        for name in ("./usr/lib/os-release", "usr/lib/os-release"):
            try:
                file = tar.extractfile(name)
            except KeyError:
                continue
            text = file.read(65536).decode(errors="replace") if file else ""
            found = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.MULTILINE)
            return found[1] if found else ""
    return ""
