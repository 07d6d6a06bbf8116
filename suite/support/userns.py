"""A user namespace with one user in it, where a server cannot become another."""

from support.proc import PROC

ONE_USER = "; setgid to another group is not possible in this user namespace, nor is setuid to another user"
UID_MAP = PROC / "self/uid_map"


def one_user_only() -> str:
    """ONE_USER where that is so, for a server that did not start; else nothing (user_namespaces(7))."""
    try:
        counts = [int(line.split()[2]) for line in UID_MAP.read_text().splitlines()]
    except (OSError, ValueError, IndexError):
        return ""
    return ONE_USER if counts == [1] else ""
