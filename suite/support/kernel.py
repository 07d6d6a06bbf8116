"""Settings of the kernel, wherever this one shows them."""

import subprocess

from support.proc import PROC


def setting(*names: str) -> str | None:
    """The first that is there: paths below /proc/sys, or names for sysctl(8). None when there is none."""
    for name in names:
        try:
            return (PROC / "sys" / name).read_text().strip()
        except OSError:
            pass
        try:
            answer = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, timeout=10)
        except OSError:
            continue  # no sysctl(8) here
        if answer.returncode == 0 and answer.stdout.strip():
            return answer.stdout.strip()
    return None


def backlog_cap() -> int | None:
    """To what the kernel cuts a larger backlog; None where it does not show that."""
    cap = setting("net/core/somaxconn", "kern.ipc.soacceptqueue", "kern.ipc.somaxconn", "kern.somaxconn")
    return int(cap) if cap else None
