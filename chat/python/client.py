#!/usr/bin/env python3
"""The chat client; chat/PROTOCOL.md is its contract. Standard library only, Python 3.10 and newer."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from chatlib.client.options import USAGE, parse_options
from chatlib.client.persist import Persistence
from chatlib.common.errors import ServiceError, UsageError, reason
from chatlib.common.io import STDOUT, fill_stdio, write_all
from chatlib.common.key import load_key
from chatlib.common.report import Reporter


def main(argv: Sequence[str]) -> int:
    """Chat as the options *argv* say; return the exit status: 0 done, 1 lost, 2 bad options, 3 refused."""
    fill_stdio()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    report = Reporter("client")
    try:
        options = parse_options(argv)
        if options is None:
            write_all(STDOUT, USAGE.encode())
            return 0
        try:
            key = load_key(options.key_file)
        except ServiceError as error:
            raise UsageError(str(error)) from None
        return Persistence(options, key, report).run()
    except UsageError as error:
        report.line(f"{error}\n{USAGE.rstrip()}")
        return 2
    except ServiceError as error:
        report.line(str(error))
    except OSError as error:
        report.line(reason(error))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
