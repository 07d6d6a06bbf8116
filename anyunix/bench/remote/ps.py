"""Where there is neither /proc nor a control group: ps(1), whose times are as coarse as it prints them."""

import re
import subprocess

COLUMNS = ("pid", "ppid", "time", "rss")
"""POSIX has all but rss, which every BSD and Linux know, in KiB."""
TIME = re.compile(r"(?:(?:(?P<days>\d+)-)?(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d+(?:[.,]\d+)?)")
"""`[[dd-]hh:]mm:ss` of POSIX; FreeBSD's ps(1) adds hundredths of a second."""


def tree_by_ps(root: int) -> tuple[float, int, int]:
    """CPU seconds, bytes and number of a process and its descendants. Raises OSError, ValueError."""
    # an option a column: on FreeBSD (ps(1), -o) all that stands behind the first `=` is one column's header
    columns = [word for column in COLUMNS for word in ("-o", f"{column}=")]
    done = subprocess.run(
        ["ps", "-ax", *columns], capture_output=True, text=True, errors="replace", timeout=30, check=False
    )
    return sum_tree(done.stdout, root)


def sum_tree(listing: str, root: int) -> tuple[float, int, int]:
    """The same, from what ps printed. Raises ValueError."""
    rows = [line.split() for line in listing.splitlines() if line.strip()]
    forks, seen = {root}, 0
    while len(forks) != seen:
        seen = len(forks)
        forks |= {int(row[0]) for row in rows if int(row[1]) in forks}
    own = [row for row in rows if int(row[0]) in forks]
    return sum(cpu_time(row[2]) for row in own), sum(int(row[3]) for row in own) * 1024, len(own)


def cpu_time(text: str) -> float:
    """Seconds. Raises ValueError."""
    found = TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time of ps")
    days, hours, minutes, seconds = (float((each or "0").replace(",", ".")) for each in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
