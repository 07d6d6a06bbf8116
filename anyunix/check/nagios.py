"""As a monitoring plugin prints it: a line with performance data, a line for each thing that is wrong, and a status.

By the Monitoring Plugins Development Guidelines, 2 (output, exit statuses) and 2.6 (performance data).
"""

import math
from collections.abc import Iterator

from anyunix.check.judge import Served
from anyunix.check.remark import Severity
from anyunix.check.rounds import Examined, Round
from anyunix.text import safe

STATUS: dict[Severity, tuple[int, str]] = {
    "ok": (0, "OK"),
    "warning": (1, "WARNING"),
    "problem": (2, "CRITICAL"),
    "unknown": (3, "UNKNOWN"),
}
WORST: tuple[Severity, ...] = ("problem", "warning", "unknown", "ok")


def nagios_status(done: Round) -> int:
    return STATUS[_worst(done)][0]


def nagios(done: Round) -> str:
    word = STATUS[_worst(done)][1]
    remarks = [
        f"{STATUS[remark.severity][1]}: {each.asked.label}: {remark.text}"
        for each in done.examined
        for remark in each.remarks
    ]
    good, count = done.count("ok"), len(done.examined)
    first = remarks[0] if len(remarks) == 1 else f"{good} of {count} as expected"
    data = " ".join(piece for each in done.examined for piece in _performance(each))
    head = f"CHECK {word} - {_text(first)} | {data}".rstrip(" |")
    return "".join(f"{line}\n" for line in [head, *(map(_text, remarks) if len(remarks) > 1 else ())])


def unknown(why: str) -> str:
    """Where nothing can be looked at at all."""
    return f"CHECK UNKNOWN - {_text(why)}\n"


def _worst(done: Round) -> Severity:
    return next(severity for severity in WORST if done.count(severity) or severity == "ok")


def _performance(each: Examined) -> Iterator[str]:
    if each.check is None:
        return
    limits = each.check.days_left
    for served in each.check.served:
        about = f"{each.asked.label} {served.reach.address}"
        for what, seconds in _seconds(served):
            yield f"{_label(f'{about} {what}')}={seconds:.6f}s;;;0"
        if served.handshake and served.handshake.certificate:
            left = math.floor(served.handshake.certificate.days_left())
            yield f"{_label(f'{about} days left')}={left};{limits.warning:g}:;{limits.problem:g}:"


def _seconds(served: Served) -> Iterator[tuple[str, float]]:
    if served.reach.connect.milliseconds:
        yield "connect", served.reach.connect.median / 1000
    if served.answer.round_trip.milliseconds:
        yield "round trip", served.answer.round_trip.median / 1000


def _label(text: str) -> str:
    """Icinga takes neither `=` nor quotes; `|` begins performance data."""
    return "'" + _text(text).replace("'", "_").replace("=", "_") + "'"


def _text(text: str) -> str:
    """On one line, and without the sign that ends it."""
    return " ".join(safe(text).split()).replace("|", "¦")
