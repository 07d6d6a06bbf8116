"""Programs in Go: built here for any platform, because Go needs nothing of the platform for that."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from anyunix.bench.remote.programs import BuiltProgram, NotBuilt, run, version
from anyunix.text import first_line

SYSTEMS = ("Linux", "FreeBSD", "OpenBSD", "NetBSD", "Darwin")
CPUS = {
    ("x86_64", "64"): "amd64",
    ("amd64", "64"): "amd64",
    ("x86_64", "32"): "386",
    ("i386", "32"): "386",
    ("i686", "32"): "386",
    ("aarch64", "64"): "arm64",
    ("arm64", "64"): "arm64",
    ("armv7l", "32"): "arm",
    ("ppc64le", "64"): "ppc64le",
    ("riscv64", "64"): "riscv64",
    ("s390x", "64"): "s390x",
}
"""What uname -m and getconf LONG_BIT print, and Go's name for it."""


def build_go(name: str, files: Sequence[str], into: Path, system: str, cpu: str, bits: str) -> BuiltProgram:
    """The program `into`/`name` for what uname -s, uname -m and getconf LONG_BIT print there. Raises NotBuilt."""
    if not shutil.which("go"):
        raise NotBuilt(f"{name} is left out: no go on PATH here: apt-get install golang-go (Debian)")
    if system not in SYSTEMS or (cpu, bits) not in CPUS:
        raise NotBuilt(
            f"{name} is left out: Go is not known to run on {first_line(system)} {first_line(cpu)}, "
            f"{first_line(bits)} bits"
        )
    target = {"GOOS": system.lower(), "GOARCH": CPUS[cpu, bits], "CGO_ENABLED": "0", "GO111MODULE": "off"}
    run(["go", "build", "-o", str(into / name), *files], name, {**os.environ, **target})
    return BuiltProgram(name, (), version("go", "version"))
