"""How long the parts of .ci/run took, from what it printed."""

import re
from pathlib import Path

PART = re.compile(r"^== (?P<name>.+) took (?P<seconds>\d+) s$", re.MULTILINE)
ALL = re.compile(r"^all of it took (?P<seconds>\d+) s\b", re.MULTILINE)
TOTAL = "all of it"


def parts(log: Path) -> dict[str, int]:
    """Part -> seconds, in their order, with all of it last where it came to its end. Raises OSError."""
    text = log.read_text(errors="replace")
    found: dict[str, int] = {}
    for part in PART.finditer(text):
        found[part["name"]] = found.get(part["name"], 0) + int(part["seconds"])
    if whole := ALL.search(text):
        found[TOTAL] = int(whole["seconds"])
    return found
