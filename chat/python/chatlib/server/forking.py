"""fork, so that no signal is lost or handled by the wrong process, and no child returns into its parent's code."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from chatlib.common.errors import ServiceError, reason
from chatlib.common.report import Reporter
from chatlib.server.wakeup import ALL_USED, ENDING


def fork_child(run: Callable[[], int], report: Reporter) -> int:
    """Fork a child that does *run* and ends with its exit status; return the child's process ID.

    The signals in use are blocked from before the fork until the child has its own dispositions (the default
    for SIGTERM, SIGINT and SIGHUP), so a handler of the parent never runs in it. OSError when fork fails.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ALL_USED)
    try:
        pid = os.fork()
        if pid == 0:
            _be_child(run, report)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _be_child(run: Callable[[], int], report: Reporter) -> None:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in ENDING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        status = run()
    except OSError as error:
        report.line(f"process {os.getpid()}: {reason(error)}")
    except ServiceError as error:
        report.line(str(error))
    except BaseException as error:  # a fault here must never unwind into the parent's code
        report.line(f"process {os.getpid()}: {type(error).__name__}: {error}")
    finally:
        os._exit(status)
