"""The errors that end a program: a reason for people, and the exit status that goes with it."""

from __future__ import annotations


class ServiceError(Exception):
    """The program could not do it: one line on stderr, exit status 1."""


class UsageError(Exception):
    """The command line is wrong: one line and the usage on stderr, exit status 2."""


def reason(error: OSError) -> str:
    """Return the system's words for *error* (`Permission denied`), without number and file name."""
    return error.strerror or type(error).__name__
