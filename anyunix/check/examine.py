"""One server from outside: every address of its name tried, and what came back put together."""

import ssl
from dataclasses import dataclass

from anyunix.check.datagram import ask
from anyunix.check.dialer import Dialer
from anyunix.check.exchange import Chat, Exchange, Reply, Request
from anyunix.check.happy_eyeballs import Raced, race
from anyunix.check.intrusive import Rude, be_rude
from anyunix.check.judge import Check, Expected, Served
from anyunix.check.name_lookups import Named, look_up
from anyunix.check.reach import FAMILIES, Reach, reach_all, side_by_side
from anyunix.check.tls import TlsClient
from anyunix.check.tls_remarks import DAYS_LEFT, DaysLeft
from anyunix.check.url import Endpoint


@dataclass(frozen=True)
class CheckOptions:
    """What is looked at, and how."""

    server: Endpoint
    exchange: Exchange
    also: tuple[str, ...]
    """Numeric addresses besides those of the name."""
    seconds: float
    """For each connection, and for each answer."""
    intrusive: bool
    expected: Expected | None
    trusted: ssl.SSLContext | None = None
    """Whose certificates are trusted, where the scheme has TLS."""
    days_left: DaysLeft = DAYS_LEFT

    @property
    def dialer(self) -> Dialer:
        tls = TlsClient(self.server.host, self.trusted) if self.trusted else None
        return Dialer(self.server.port, self.seconds, tls)


def examine(options: CheckOptions) -> Check:
    """Look. Raises PlatformError when the name has no address."""
    named = look_up(options.server.host)
    addresses = list(dict.fromkeys([*named.addresses, *options.also]))
    served = _served(options, addresses)
    return Check(
        options.server,
        served,
        options.exchange.proves,
        _across(options, served),
        _rude(options, served) if options.intrusive else (),
        options.expected,
        named.lookups,
        _raced(options, named, served),
        options.days_left,
    )


def _raced(options: CheckOptions, named: Named, served: tuple[Served, ...]) -> Raced | None:
    """Of the addresses that clients know: those of the name."""
    known = [each.reach for each in served if each.reach.address in named.addresses or not named.lookups]
    return race(known, named.lookups) if options.server.scheme.transport == "tcp" else None


def _served(options: CheckOptions, addresses: list[str]) -> tuple[Served, ...]:
    """All addresses at once; then a client of each that answers, one after the other, for undisturbed times."""
    port, seconds, exchange = options.server.port, options.seconds, options.exchange
    if options.server.scheme.transport == "udp" and isinstance(exchange, Request):
        replies = side_by_side(lambda address: ask(exchange, address, port, seconds), addresses)
        return tuple(Served(reply.reach, reply.answer) for reply in replies)
    return tuple(_client_of(options, reach) for reach in reach_all(addresses, port, seconds))


def _client_of(options: CheckOptions, reach: Reach) -> Served:
    if not reach.answered:
        return Served(reach, Reply(False, reach.outcome))
    dialer = options.dialer
    if dialer.tls is None:
        return Served(reach, options.exchange.measured(dialer, reach.address))
    handshake = dialer.tls.handshake(reach.address, dialer.port, dialer.seconds)
    if handshake.error:
        return Served(reach, Reply(False, handshake.error), handshake)
    return Served(reach, options.exchange.measured(dialer, reach.address), handshake)


def _across(options: CheckOptions, served: tuple[Served, ...]) -> Reply | None:
    """A message from one family to the other, where both are served and there is a chat."""
    firsts = _first_of_each_family(served)
    if not isinstance(options.exchange, Chat) or len(firsts) < 2:
        return None
    return options.exchange.across(options.dialer, firsts[0], firsts[1])


def _rude(options: CheckOptions, served: tuple[Served, ...]) -> tuple[Rude, ...]:
    found = side_by_side(
        lambda address: be_rude(options.exchange, options.dialer, address), _first_of_each_family(served)
    )
    return tuple(each for rude in found for each in rude)


def _first_of_each_family(served: tuple[Served, ...]) -> list[str]:
    answering = [each.reach for each in served if each.answer.served]
    families = dict.fromkeys([*FAMILIES, *(reach.family for reach in answering)])
    return [
        next(reach.address for reach in answering if reach.family == family)
        for family in families
        if any(reach.family == family for reach in answering)
    ]
