"""A file of targets: one a line, with options behind it; `#` begins a comment."""

import shlex
from pathlib import Path

from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.text import UNSAFE

MOST = 10_000


def target_lines(path: Path) -> list[tuple[str, list[str]]]:
    """Each line's place and words, quoted as in a shell. Raises ConfigurationError."""
    found = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        place = f"{path}:{number}"
        try:
            words = shlex.split(line.rstrip("\r"), comments=True)
        except ValueError as error:
            raise ConfigurationError(f"{place}: {str(error).lower()}") from None
        if UNSAFE.search("".join(words)):
            raise ConfigurationError(f"{place}: a control character")
        if words:
            found.append((place, words))
    if len(found) > MOST:
        raise ConfigurationError(f"{path}: {len(found)} targets, more than {MOST}")
    return found
