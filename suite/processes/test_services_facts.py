"""Facts: what else a server may count on: /proc, the system log."""

import socket
import stat
from pathlib import Path

from support.calls import outcome
from support.processes import all_processes

LOG_SOCKETS = ("/dev/log", "/var/run/log", "/var/run/syslog")


def test_proc(fact):
    """Is there a /proc, whose is it, and does it show other processes?

    POSIX has none. Linux mounts it nearly everywhere, hidepid= may hide others' processes (proc(5)); NetBSD and FreeBSD
    leave it to fstab, OpenBSD (since 5.7) and macOS have none.
    """
    own = {"self": "/proc/self/stat", "curproc": "/proc/curproc/status"}
    fact("proc.own_process", next((name for name, path in own.items() if Path(path).exists()), "absent"))
    fact("proc.own_descriptors", {path: Path(path).is_dir() for path in ("/proc/self/fd", "/dev/fd")})


def test_processes_of_others_can_be_seen(fact):
    """Does the process table show process 1, which belongs to somebody else?

    Not with hidepid=2 (proc(5)) or security.bsd.see_other_uids=0 (FreeBSD), unless it is the user's own.
    """
    fact("proc.shows_process_1", any(process.pid == 1 for process in all_processes()))


def test_system_log(fact):
    """Does anybody listen where syslog() writes?

    Containers have no /dev/log, and syslog(3) drops messages without an error (docker-library/golang#252). The
    BSDs and macOS listen in /var/run.
    """
    found = {path: kind for path in LOG_SOCKETS if (kind := log_socket(path)) != "absent"}
    fact("syslog.socket", found or "absent")


def log_socket(path: str) -> str:
    """`listening`, `absent`, or why nobody can be reached: `ECONNREFUSED`."""
    try:
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            return "absent"
    except OSError:
        return "absent"
    answers = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_UNIX, kind) as client:
            answers.append(outcome(client.connect, path))
    return "listening" if "ok" in answers else answers[0]
