"""Why a contract is not tried with a subject: what that one does not speak or promise."""

from collections.abc import Callable, Mapping

import pytest

from support.subject import Subject, Talk

TALKS: Mapping[str, tuple[Callable[[Talk], bool], str]] = {
    "exchange": (lambda talk: not talk.client and talk.waits, "exchange (talk)"),
    "again": (lambda talk: bool(talk.again), "exchange that can be had again (talk: again)"),
    "pair": (lambda talk: len(talk.guests) > 1, "conversation of two guests (talk: as)"),
}
"""What a talk may have to hold: word of the mark `talks` -> whether it does, and how to call that."""


NOT_ITS_OWN = ("restart", "port_in_use", "without_ipv6", "lone_loopback", "backlog", "unlink", "socket_mode")
"""Promises about sockets, which are kept or broken by whoever makes them."""
OF_ITS_FIRST = (
    *("sigterm", "sigint", "sighup", "sigwinch", "blocked_signals", "process_group", "reload", "interrupted"),
    *("orphans", "children_killed", "idle", "wakeups", "memory", "clock", "accept_errors", "vanished_clients"),
    *("descriptors", "no_descriptor", "high_descriptors", "no_process", "file_limit", "lost_log", "closed_descriptors"),
    *("keepalive", "file_errors", "moved_files", "small_address_space", "socket_errors"),
)
"""Promises about the process that stays, and accepts: the super-server."""
LEFT_TO = {
    "systemd": ("a service manager", NOT_ITS_OWN),
    "inetd-nowait": ("a super-server", (*NOT_ITS_OWN, *OF_ITS_FIRST)),
    "inetd-wait": ("a super-server", (*NOT_ITS_OWN, *OF_ITS_FIRST)),
}
"""By activation: who has made the server's sockets, and the promises that are his business."""


def why_left_out(item: pytest.Item, subject: Subject, mode: str) -> str | None:
    """The reason, for a contract that this subject in this bind mode is not asked to keep; None for one that it is."""
    for mark in item.iter_markers("protocol"):
        if subject.protocol != mark.args[0]:
            return f"{subject.name} does not speak the {mark.args[0]} protocol"
    over = item.get_closest_marker("over")
    if subject.transport not in (over.args if over else ("tcp",)):
        return f"{subject.name} is served over {subject.transport}, and this is not about that"
    if item.get_closest_marker("names_addresses") and not subject.ready.names_addresses:
        return f"{subject.name} does not say which addresses it bound"
    for mark in item.iter_markers("talks"):
        holds, called = TALKS[mark.args[0]]
        if subject.talk is None or not holds(subject.talk):
            return f"the file of {subject.name} names no {called}"
    who, his = LEFT_TO.get(subject.starting.activation, ("", ()))
    for mark in item.iter_markers("promises"):
        for name in mark.args:
            if name in his:
                return f"{subject.name} is started by {who}, whose business {name} is"
            if name == "side_by_side" and subject.starting.port:
                return f"{subject.name} has port {subject.starting.port} alone"
            if not subject.promises[mode][name]:
                return f"{subject.name} does not promise {name}"
    for mark in item.iter_markers("promised_by"):
        if mode not in mark.args:
            return f"bind mode {mode} does not promise it"
    return None
