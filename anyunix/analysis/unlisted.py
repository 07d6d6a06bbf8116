"""What a system breaks and its likeness keeps: a difference of that system which the list does not have yet."""

from collections.abc import Mapping
from dataclasses import replace

from anyunix.catalog.difference import System
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe

KERNELS: Mapping[str, System] = {
    "FreeBSD": "freebsd",
    "NetBSD": "netbsd",
    "OpenBSD": "openbsd",
    "Darwin": "macos",
    "SunOS": "illumos",
}
"""What uname(3) calls them."""
KERNEL = "system.name"
"""The fact that says it."""


def unlisted(matrix: Matrix, cell: CellResult, probe: Probe) -> str:
    """`fails on freebsd, kept under like-freebsd: a difference that is not in the list`; empty for all else."""
    platform = matrix.platform(cell.platform)
    system = _system(platform) if platform and not platform.like else None
    if system is None or probe.kind != "contract" or not probe.bad:
        return ""
    kept = [
        likeness.name
        for likeness in matrix.platforms
        if likeness.like == system
        and (beside := matrix.cell(replace(cell.id, platform=likeness.name)))
        and probe.id in {each.id for each in beside.kept()}
    ]
    if not kept:
        return ""
    return f"fails on {cell.platform}, kept under {', '.join(kept)}: a difference that is not in the list"


def _system(platform: PlatformResult) -> System | None:
    return KERNELS.get(str(platform.facts.get(KERNEL)))
