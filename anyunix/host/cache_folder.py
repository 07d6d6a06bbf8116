"""Where what can be made anew is kept from run to run (XDG Base Directory Specification)."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/anyunix`, else `~/.cache/anyunix`. It need not exist.

    The specification says to ignore a path that is not absolute.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named.startswith("/") else Path.home() / ".cache") / "anyunix"
