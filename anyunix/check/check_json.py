"""A check for programs: JSON, whose schema `anyunix schema check` prints."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from anyunix.check.judge import Check, Served
from anyunix.check.remark import Severity
from anyunix.check.rounds import Examined, Round
from anyunix.text import safe

SCHEMA: Literal[1] = 1

Milliseconds = Annotated[tuple[float, ...], Meta(description="each measurement, in milliseconds")]


class RemarkEntry(msgspec.Struct, frozen=True):
    """A sentence about a server."""

    severity: Annotated[Severity, Meta(description="`problem` makes the exit status 1, `unknown` 3")]
    text: Annotated[str, Meta(description="the sentence")]
    address: Annotated[str, Meta(description="the one that it is about; empty: the server as a whole")]


class LookupEntry(msgspec.Struct, frozen=True):
    """The name in one family."""

    family: Annotated[str, Meta(description="IPv4 or IPv6")]
    addresses: Annotated[tuple[str, ...], Meta(description="what the resolver gave")]
    ms: Annotated[float, Meta(description="how long it took, in milliseconds")]
    error: Annotated[str, Meta(description="its own words where there is no address")]
    failed: Annotated[bool, Meta(description="whether that was no answer, so that there may be addresses")]


class TlsEntry(msgspec.Struct, frozen=True):
    """A handshake with one address, and the certificate."""

    error: Annotated[str, Meta(description="why there is none; empty when it succeeded")]
    version: Annotated[str, Meta(description="such as TLSv1.3")]
    handshake_ms: Annotated[float, Meta(description="in milliseconds")]
    not_before: Annotated[str | None, Meta(description="ISO 8601, in UTC")]
    not_after: Annotated[str | None, Meta(description="ISO 8601, in UTC")]
    names: Annotated[tuple[str, ...], Meta(description="of its subjectAltName")]
    sha256: Annotated[str, Meta(description="of the certificate in DER, in hexadecimal digits")]
    untrusted: Annotated[str, Meta(description="why its chain is not trusted here; empty when it is")]


class AddressEntry(msgspec.Struct, frozen=True):
    """What a client of one address got."""

    address: Annotated[str, Meta(description="numeric, or the path of a socket")]
    family: Annotated[str, Meta(description="IPv4, IPv6 or local")]
    outcome: Annotated[str, Meta(description="answered, refused, timed out, unreachable or reset")]
    error: Annotated[str, Meta(description="the system's own words; empty when it answered")]
    connect_ms: Milliseconds
    served: Annotated[bool, Meta(description="whether the exchange succeeded")]
    said: Annotated[str, Meta(description="the first line that came back, or what went wrong")]
    round_trip_ms: Milliseconds
    tls: Annotated[TlsEntry | None, Meta(description="where the scheme has it")]


class BadClientEntry(msgspec.Struct, frozen=True):
    """With --intrusive."""

    address: Annotated[str, Meta(description="numeric")]
    client: Annotated[str, Meta(description="what it did")]
    became: Annotated[str, Meta(description="what the server did to it")]
    next_served: Annotated[bool, Meta(description="whether the next client was served")]


class RacedEntry(msgspec.Struct, frozen=True):
    """What a client of RFC 8305 would need."""

    address: Annotated[str, Meta(description="to which it is connected")]
    ms: Annotated[float, Meta(description="computed, in milliseconds from the question to the resolver on")]


class TargetEntry(msgspec.Struct, frozen=True):
    """One server."""

    target: Annotated[str, Meta(description="its label, or how it was written")]
    place: Annotated[str, Meta(description="how it was written")]
    severity: Annotated[Severity, Meta(description="the worst of its remarks")]
    seconds: Annotated[float, Meta(description="how long it was looked at")]
    found: Annotated[str | None, Meta(description="dual, ipv4, ipv6, local or closed: who is served")]
    expected: Annotated[str | None, Meta(description="by --expect")]
    proves: Annotated[bool, Meta(description="whether an exchange showed service, and not a connection alone")]
    problems: Annotated[tuple[str, ...], Meta(description="the sentences of its problems")]
    remarks: Annotated[tuple[RemarkEntry, ...], Meta(description="all sentences")]
    lookups: Annotated[tuple[LookupEntry, ...], Meta(description="none for a numeric address")]
    happy_eyeballs: Annotated[RacedEntry | None, Meta(description="for TCP, where an address answers")]
    across: Annotated[bool | None, Meta(description="whether a message of the chat gets from family to family")]
    addresses: Annotated[tuple[AddressEntry, ...], Meta(description="each that was tried")]
    bad_clients: Annotated[tuple[BadClientEntry, ...], Meta(description="with --intrusive")]


class CheckReport(msgspec.Struct, frozen=True):
    """All servers."""

    schema: Annotated[Literal[1], Meta(description="of this format")]
    seconds: Annotated[float, Meta(description="for all of them")]
    targets: Annotated[tuple[TargetEntry, ...], Meta(description="in the order in which they were asked for")]


def as_json(done: Round) -> str:
    """The same as the other formats, whole."""
    report = CheckReport(SCHEMA, done.seconds, tuple(map(_target, done.examined)))
    return msgspec.json.format(msgspec.json.encode(report), indent=1).decode() + "\n"


def _target(each: Examined) -> TargetEntry:
    check = each.check
    return TargetEntry(
        each.asked.label,
        str(each.asked.options.server),
        each.severity,
        each.seconds,
        check.found if check else None,
        each.asked.options.expected,
        each.asked.options.exchange.proves,
        check.problems if check else (),
        tuple(RemarkEntry(remark.severity, remark.text, remark.address) for remark in each.remarks),
        _lookups(check) if check else (),
        RacedEntry(check.raced.address, check.raced.milliseconds) if check and check.raced else None,
        check.across.served if check and check.across else None,
        tuple(map(_address, check.served)) if check else (),
        _bad_clients(check) if check else (),
    )


def _lookups(check: Check) -> tuple[LookupEntry, ...]:
    return tuple(
        LookupEntry(each.family, each.addresses, each.milliseconds, each.error, each.failed) for each in check.lookups
    )


def _address(each: Served) -> AddressEntry:
    return AddressEntry(
        each.reach.address,
        each.reach.family,
        each.reach.outcome,
        each.reach.error,
        each.reach.connect.milliseconds,
        each.served,
        each.answer.said,
        each.answer.round_trip.milliseconds,
        _tls(each),
    )


def _tls(each: Served) -> TlsEntry | None:
    handshake = each.handshake
    if handshake is None:
        return None
    certificate = handshake.certificate
    return TlsEntry(
        handshake.error,
        handshake.version,
        handshake.milliseconds,
        certificate.not_before.isoformat() if certificate else None,
        certificate.not_after.isoformat() if certificate else None,
        tuple(map(safe, certificate.names)) if certificate else (),
        certificate.sha256 if certificate else "",
        handshake.untrusted,
    )


def _bad_clients(check: Check) -> tuple[BadClientEntry, ...]:
    return tuple(BadClientEntry(each.address, each.client, each.became, each.next_one.served) for each in check.rude)
