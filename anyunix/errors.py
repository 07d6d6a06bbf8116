"""What can go wrong, as types that carry the sentence to print, and with which status the command then ends."""

EXIT_PORTABLE = EXIT_DONE = 0
"""The answer is yes: portable, go, as expected, reproduced; or what was asked for is done."""
EXIT_NOT_PORTABLE = EXIT_FAILED = 1
"""The answer is no: not portable, no-go, a fault missed; or a part of what was asked for failed."""
EXIT_USAGE = 2
"""The command line or a file that the user wrote is wrong, or a subject cannot be started at all."""
EXIT_NOT_RUN = 3
"""Not answered: what had to run did not, broke, or tried too little."""
EXIT_NOT_COMPARED = 4
"""Nothing to compare with: of several platforms only one ran."""
EXIT_FAULT = 70
"""A fault of anyunix itself (EX_SOFTWARE in sysexits.h)."""
EXIT_OUTPUT = 74
"""The output could not be written (EX_IOERR in sysexits.h)."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT."""
EXIT_NO_READER = 141
"""Whoever read the output is gone: 128 + SIGPIPE."""


class AnyunixError(Exception):
    """Ends a command: the text is for the user."""

    exit_status: int


class ConfigurationError(AnyunixError):
    """Something the user wrote is wrong: the text names file, key and reason."""

    exit_status = EXIT_USAGE


class PlatformError(AnyunixError):
    """A platform could not be reached, or broke on the way: the text says why and what to do."""

    exit_status = EXIT_NOT_RUN


class NotRun(AnyunixError):
    """A cell has no answer on this platform, for the reason given; nobody is to blame."""

    exit_status = EXIT_NOT_RUN
