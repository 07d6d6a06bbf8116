"""The folder in the user's cache, for what is worth keeping from run to run and can be made again."""

import os
from collections.abc import Mapping
from pathlib import Path


def user_cache(environment: Mapping[str, str] = os.environ) -> Path | None:
    """`anyunix` below $XDG_CACHE_HOME or ~/.cache; None for a user without a home.

    A relative $XDG_CACHE_HOME is ignored, as the XDG Base Directory Specification wants it.
    """
    top = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(top):
        top = os.path.join(environment.get("HOME") or os.path.expanduser("~"), ".cache")
    return Path(top, "anyunix") if os.path.isabs(top) else None
