"""The command `anyunix`, and `python -m anyunix`: whatever happens, it ends with a status that says so.

Beside the statuses that a command gives itself (0 to 4, see `anyunix COMMAND --help`) there are those from 70 up in
`errors`, none of which is ever taken for an answer.
"""

import errno
import os
import sys
from contextlib import suppress

from anyunix.errors import EXIT_FAULT, EXIT_INTERRUPTED, EXIT_NO_READER, EXIT_OUTPUT

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
"""What writing to a file, or to what stdout is, ends with when there is nothing wrong with anyunix."""


def main() -> int:
    """Run the command; its exit status."""
    status = _status()
    _silence_what_cannot_be_written()
    return status


def _status() -> int:
    try:
        # here, and not above: an interrupt in the middle of the imports is an interrupt, too
        from anyunix.cli import main as command

        try:
            status = command()
        except SystemExit as ended:  # argparse's
            status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else EXIT_FAULT
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        _tell("anyunix: interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_NO_READER
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            _tell(f"anyunix: {error.filename or 'the output'} cannot be written: {error.strerror}")
            return EXIT_OUTPUT
        import traceback

        _tell(
            f"{traceback.format_exc()}anyunix: this is a fault of anyunix itself and no answer: please report it, "
            "with the lines above and the command"
        )
        return EXIT_FAULT


def _tell(text: str) -> None:
    with suppress(OSError):  # stderr may be what is full, or gone
        print(text, file=sys.stderr, flush=True)


def _silence_what_cannot_be_written() -> None:
    """What is still buffered goes nowhere, so that the interpreter's last flush neither complains nor changes 141."""
    for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)


if __name__ == "__main__":
    sys.exit(main())
