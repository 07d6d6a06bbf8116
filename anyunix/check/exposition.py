"""For Prometheus: its text format, as node_exporter's textfile collector reads it from a file `*.prom`."""

from collections.abc import Iterator
from dataclasses import dataclass

from anyunix.check.judge import Check, Served
from anyunix.check.nagios import STATUS
from anyunix.check.rounds import Examined, Round
from anyunix.text import safe

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Metric:
    """Its samples stand together, behind its help and its type, which stand once."""

    name: str
    help: str


STATE = Metric("state", "What was found: 0 as expected, 1 a warning, 2 a problem, 3 it could not be looked at.")
SECONDS = Metric("duration_seconds", "How long the server was looked at.")
ADDRESSES = Metric("addresses", "Addresses of the name in that family; absent where the resolver failed.")
HAPPY = Metric("happy_eyeballs_seconds", "What a client of RFC 8305 would need to be connected, computed.")
SERVED = Metric("address_served", "Whether a client of that address is served.")
CONNECT = Metric("connect_seconds", "Median of several connections.")
ROUND_TRIP = Metric("round_trip_seconds", "Median of several requests with their answers.")
HANDSHAKE = Metric("tls_handshake_seconds", "One TLS handshake.")
NOT_AFTER = Metric("certificate_not_after_timestamp_seconds", "When the certificate of that address expires.")
TRUSTED = Metric("certificate_valid", "Whether it is trusted, for that name, and within its dates.")
METRICS = (STATE, SECONDS, ADDRESSES, HAPPY, SERVED, CONNECT, ROUND_TRIP, HANDSHAKE, NOT_AFTER, TRUSTED)


def exposition(done: Round) -> str:
    """Prometheus' text format 0.0.4. A label never holds what the server sent."""
    samples = [sample for each in done.examined for sample in _samples(each)]
    lines: list[str] = []
    for metric in METRICS:
        name = f"anyunix_check_{metric.name}"
        found = [f"{name}{_labels(labels)} {value:.10g}\n" for which, labels, value in samples if which is metric]
        if found:
            lines += [f"# HELP {name} {metric.help}\n", f"# TYPE {name} gauge\n", *found]
    return "".join(lines)


def _samples(each: Examined) -> Iterator[tuple[Metric, Labels, float]]:
    target = (("target", each.asked.label),)
    yield STATE, target, STATUS[each.severity][0]
    yield SECONDS, target, each.seconds
    if each.check is None:
        return
    for lookup in each.check.lookups:
        if not lookup.failed:
            yield ADDRESSES, (*target, ("family", lookup.family)), len(lookup.addresses)
    if each.check.raced:
        yield HAPPY, target, each.check.raced.milliseconds / 1000
    for served in each.check.served:
        labels = (*target, ("address", served.reach.address), ("family", served.reach.family))
        for metric, value in _of_address(each.check, served):
            yield metric, labels, value


def _of_address(check: Check, served: Served) -> Iterator[tuple[Metric, float]]:
    yield SERVED, served.served
    if served.reach.connect.milliseconds:
        yield CONNECT, served.reach.connect.median / 1000
    if served.answer.round_trip.milliseconds:
        yield ROUND_TRIP, served.answer.round_trip.median / 1000
    handshake = served.handshake
    if handshake and not handshake.error:
        yield HANDSHAKE, handshake.milliseconds / 1000
    if handshake and handshake.certificate:
        yield NOT_AFTER, handshake.certificate.not_after.timestamp()
        yield TRUSTED, handshake.certificate.valid_for(check.server.host) and not handshake.untrusted


def _labels(labels: Labels) -> str:
    return f"{{{','.join(f'{name}={_quoted(value)}' for name, value in labels)}}}"


def _quoted(text: str) -> str:
    r"""`\`, `"` and line feed are escaped, nothing else."""
    escaped = safe(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
