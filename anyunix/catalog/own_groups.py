"""Which folders of a suite are a user's own probes, and what they hold: suite/support/own_probes.py reads it, too."""

import json
from collections.abc import Mapping
from pathlib import Path

FILE = "own_probes.json"


def own_probes(suite: Path) -> dict[str, dict[str, str]]:
    """Folder -> ID -> kind; nothing for the suite alone."""
    file = suite / FILE
    found: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def write_own_probes(suite: Path, probes: Mapping[str, Mapping[str, str]]) -> None:
    """Raises OSError."""
    (suite / FILE).write_text(json.dumps(probes, indent=1), encoding="utf-8")
