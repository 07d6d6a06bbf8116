"""Splits a command line into options and operands, as getopt_long(3) does.

Not argparse, which would accept abbreviations and word its errors differently from release to release.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatlib.common.errors import UsageError


class Arguments:
    """A command line taken apart: the last value of each option, and what is not an option."""

    def __init__(self, values: dict[str, str], operands: list[str]) -> None:
        """Hold what `split` found."""
        self.values = values
        self.operands = operands

    def required(self, option: str) -> str:
        """Return the value of *option*; UsageError without one."""
        value = self.values.get(option)
        if value is None:
            raise UsageError(f"{option} is required")
        return value

    def number(self, option: str, default: int, low: int, high: int) -> int:
        """Return the value of *option* as a number from *low* to *high*, or *default*; else UsageError."""
        word = self.values.get(option)
        return default if word is None else decimal(option, word, low, high)


def split(argv: Sequence[str], with_value: frozenset[str], flags: frozenset[str]) -> Arguments:
    """Take *argv* (without the program's name) apart; UsageError for an option that is in neither set.

    `--option VALUE` and `--option=VALUE` both work, `--` ends the options. The scan ends at `--help`:
    a request for help is answered, whatever follows.
    """
    values: dict[str, str] = {}
    operands: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            operands.extend(words)
        elif not word.startswith("-") or word == "-":
            operands.append(word)
        else:
            option, equals, value = word.partition("=")
            if option in flags:
                if equals:
                    raise UsageError(f"{option} takes no value")
            elif option not in with_value:
                raise UsageError(f"unknown option {option}")
            elif not equals:
                value = next(words, "")
            if option in with_value and not value:
                raise UsageError(f"{option} needs a value")
            values[option] = value
            if option == "--help":
                break
    return Arguments(values, operands)


def decimal(what: str, word: str, low: int, high: int) -> int:
    """Return *word*, ASCII digits only, as a number from *low* to *high*; else UsageError that names *what*."""
    if word.isascii() and word.isdigit() and len(word) <= 18 and low <= int(word) <= high:
        return int(word)
    raise UsageError(f"{what} is a number from {low} to {high}, not {word!r}")
