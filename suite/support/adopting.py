"""A process that becomes the parent of its descendants' orphans: none of them is lost, however they daemonise."""

import os
import sys

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), Linux 3.4."""
P_PID, PROC_REAP_ACQUIRE = 0, 2
"""procctl(2), FreeBSD 10.2."""


def adopt_orphans() -> str | None:
    """From here on this process is their parent, and no longer process 1; the reason where that cannot be."""
    try:
        import ctypes  # a Python may be built without it
    except ImportError:
        return "this Python has no ctypes"
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux":
        call, failed = "prctl", libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    elif sys.platform.startswith("freebsd"):
        call, failed = "procctl", libc.procctl(P_PID, ctypes.c_int64(os.getpid()), PROC_REAP_ACQUIRE, None)
    else:
        return f"{sys.platform} gives orphans to process 1 alone"
    return f"{call}: {os.strerror(ctypes.get_errno())}" if failed else None
