"""Programs in Go: built here for any platform, because Go needs nothing of the platform for that."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from anyunix.architecture import cpu_of_machine
from anyunix.bench.remote.programs import BuiltProgram, NotBuilt, run, version
from anyunix.text import first_line

SYSTEMS = ("Linux", "FreeBSD", "OpenBSD", "NetBSD", "Darwin")


def build_go(name: str, files: Sequence[str], into: Path, system: str, cpu: str, bits: str) -> BuiltProgram:
    """The program `into`/`name` for what uname -s, uname -m and getconf LONG_BIT say there. Raises NotBuilt."""
    if not shutil.which("go"):
        raise NotBuilt(f"{name} is left out: no go on PATH here: apt-get install golang-go (Debian)")
    known = cpu_of_machine(cpu, bits)
    if system not in SYSTEMS or known is None:
        raise NotBuilt(
            f"{name} is left out: Go is not known to run on {first_line(system)} {first_line(cpu)}, "
            f"{first_line(bits)} bits"
        )
    target = {"GOOS": system.lower(), "GOARCH": known.go, "CGO_ENABLED": "0", "GO111MODULE": "off"}
    run(["go", "build", "-o", str(into / name), *files], name, {**os.environ, **target})
    return BuiltProgram(name, (), version("go", "version"))
