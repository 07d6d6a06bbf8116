"""What a process is, in a word or two, from its command line."""

from collections.abc import Sequence
from pathlib import PurePath

WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
"""Options of python3 whose value is the next word."""


def program(words: Sequence[str]) -> str:
    """`cc1`, `strace`; of Python what it runs: `python pytest`, `python server.py`. Empty for no words."""
    if not words:
        return ""
    name = PurePath(words[0]).name
    return f"python {_script(words[1:])}".strip() if name.startswith("python") else name


def _script(words: Sequence[str]) -> str:
    rest = iter(words)
    for word in rest:
        if word in WITH_VALUE:
            next(rest, "")
        elif word == "-m":
            return next(rest, "")
        elif word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return "-c"
        elif not word.startswith("-"):
            return PurePath(word).name
    return "-"
