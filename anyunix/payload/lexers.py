"""Which of pygments' lexers travel: those that pytest imports, not all of them, which would be half of the archive."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

LEXERS, PYTEST = "pygments/lexers/", "_pytest/"
OF_ALL = {"__init__", "_mapping"}
IMPORTED = re.compile(rb"pygments\.lexers\.(\w+)")
BY_NAME = b"pygments.lexers import"
"""An import that may mean any of them: its module is looked up at run time."""

Files = Sequence[tuple[Path, str]]
"""Files here, and their names below the folder of the distributions."""


def without_unused_lexers(files: Files) -> Iterator[tuple[Path, str]]:
    """The files without the lexers that neither pytest nor another lexer which it needs imports."""
    used = _used(files)
    for file, name in files:
        if used is None or not name.startswith(LEXERS) or _module(name) in used | OF_ALL:
            yield file, name


def _used(files: Files) -> set[str] | None:
    """The lexers' modules; None where that cannot be told."""
    sources = {_module(name): file for file, name in files if name.startswith(LEXERS) and name.endswith(".py")}
    left = [file for file, name in files if name.startswith(PYTEST) and name.endswith(".py")]
    used: set[str] = set()
    while left:
        text = left.pop().read_bytes()
        if BY_NAME in text:
            return None
        found = ({module.decode() for module in IMPORTED.findall(text)} & sources.keys()) - used
        used |= found
        left += [sources[module] for module in found]
    return used


def _module(name: str) -> str:
    """`python` of python.py and of __pycache__/python.cpython-311.pyc."""
    return name.rpartition("/")[2].partition(".")[0]
