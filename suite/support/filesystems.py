"""The file system that a path is on, by name."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from support.proc import PROC

MOUNTINFO = PROC / "self/mountinfo"
# `/dev/ada0p2 on / (ufs, local)` on FreeBSD and macOS, `/dev/wd0a on / type ffs (local)` on NetBSD and OpenBSD
MOUNT_LINE = re.compile(r"^.* on (?P<point>/.*?) (?:type (?P<type>\S+) )?\((?P<first>[^,)]+)", re.MULTILINE)


def filesystem_of(path: Path) -> str | None:
    """`ext4`, `tmpfs`, `ufs`, …; None where the mounts cannot be read."""
    path = path.resolve()
    found = None
    longest = 0
    for point, name in _mounts():
        if path.is_relative_to(point) and len(point) >= longest:  # of two on one point the later one is seen
            found, longest = name, len(point)
    return found


def _mounts() -> Iterator[tuple[str, str]]:
    """Mount point and type of each mounted file system, in the order of mounting."""
    if MOUNTINFO.exists():
        for line in MOUNTINFO.read_text().splitlines():
            fields, _, rest = line.partition(" - ")  # proc(5)
            yield _unescape(fields.split()[4]), rest.split()[0]
        return
    try:
        listing = subprocess.run(["mount"], capture_output=True, text=True, timeout=10).stdout
    except OSError:
        return
    for match in MOUNT_LINE.finditer(listing):
        yield match["point"], match["type"] or match["first"]


def _unescape(point: str) -> str:
    """proc(5): space, tab, newline and backslash as octal escapes."""
    return re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), point)
