#!/usr/bin/env python3
"""The chat server; chat/PROTOCOL.md is its contract. Standard library only, Python 3.10 and newer."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from chatlib.common.errors import ServiceError, UsageError, reason
from chatlib.common.io import STDOUT, fill_stdio, write_all
from chatlib.common.key import load_key
from chatlib.common.report import Reporter
from chatlib.server.accept import Parent
from chatlib.server.front import Front, run_in_own_session
from chatlib.server.listeners import bound_address, open_listeners
from chatlib.server.options import USAGE, Options, parse_options
from chatlib.server.pid_file import PidFile
from chatlib.server.places import Places
from chatlib.server.record_log import RecordLog
from chatlib.server.recv import Rules


def main(argv: Sequence[str]) -> int:
    """Run the server with the options *argv*; return the exit status: 0 ended, 1 could not do it, 2 bad options."""
    fill_stdio()
    # Whatever the caller blocked or ignored (both outlive exec): children must be waited for, signals must arrive.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    report = Reporter("server")
    try:
        options = parse_options(argv)
        if options is None:
            write_all(STDOUT, USAGE.encode())
            return 0
        key = load_key(options.key_file)
        chosen = options
        return run_in_own_session(
            lambda front: _serve(chosen, key, front, report), daemon=options.daemon, report=report
        )
    except UsageError as error:
        report.line(f"{error}\n{USAGE.rstrip()}")
        return 2
    except ServiceError as error:
        report.line(str(error))
    except OSError as error:
        report.line(reason(error))
    return 1


def _serve(options: Options, key: bytes, front: Front, report: Reporter) -> int:
    """Serve as the leader of a session; return the exit status. ServiceError, OSError."""
    pid_file = None if options.pid_file is None else PidFile(options.pid_file)
    try:
        _prepare_log(options.log, report)
        listeners = open_listeners(options.bind, options.host, options.port)
        rules = Rules(options.log, key, float(options.auth_timeout), report)
        parent = Parent(
            listeners,
            rules,
            Places(options.max_clients, options.max_waiting),
            front=front.life,
            close_in_child=(lambda: None) if pid_file is None else pid_file.forget,
        )
        ready = "READY " + " ".join(bound_address(listener) for listener in listeners) + "\n"
        try:
            front.announce(ready.encode(), report)
        except OSError as error:
            raise ServiceError(f"cannot print the ready line: {reason(error)}") from None
        parent.serve()
    finally:
        if pid_file is not None:
            pid_file.remove()
    return 0


def _prepare_log(path: str, report: Reporter) -> None:
    """Make the log at *path* if need be, and end a torn record in it. ServiceError."""
    try:
        log = RecordLog(path, append=True, create=True)
        torn = log.mend()
        log.close()
    except OSError as error:
        raise ServiceError(f"cannot write the log {path}: {reason(error)}") from None
    if torn:
        report.line(f"log {path}: ended a torn record of {torn} bytes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
