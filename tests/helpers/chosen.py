"""Which of many like tests run: a sample by day, and all by night."""

import os
import random
from collections.abc import Sequence


def chosen(names: Sequence[str], number: int) -> list[str]:
    """`number` of them, the same each time unless ANYUNIX_SAMPLE is another number; all with ANYUNIX_FULL=1."""
    if os.environ.get("ANYUNIX_FULL") or number >= len(names):
        return list(names)
    sample = random.Random(int(os.environ.get("ANYUNIX_SAMPLE") or 0))
    return sorted(sample.sample(list(names), number))
