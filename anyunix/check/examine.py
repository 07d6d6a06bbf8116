"""One server from outside: every address of its name tried, and what came back put together."""

from dataclasses import dataclass

from anyunix.check.exchange import Chat, Exchange, Reply
from anyunix.check.intrusive import Rude, be_rude
from anyunix.check.judge import Check, Expected, Served
from anyunix.check.reach import FAMILIES, HostPort, addresses_of, reach_all, side_by_side


@dataclass(frozen=True)
class CheckOptions:
    """What is looked at, and how."""

    server: HostPort
    exchange: Exchange
    also: tuple[str, ...]
    """Numeric addresses besides those of the name."""
    seconds: float
    """For each connection, and for each answer."""
    intrusive: bool
    expected: Expected | None


def examine(options: CheckOptions) -> Check:
    """Look. Raises PlatformError when the name has no address."""
    addresses = list(dict.fromkeys([*addresses_of(options.server.host), *options.also]))
    served = _served(options, addresses)
    return Check(
        options.server,
        served,
        options.exchange.proves,
        _across(options, served),
        _rude(options, served) if options.intrusive else (),
        options.expected,
    )


def _served(options: CheckOptions, addresses: list[str]) -> tuple[Served, ...]:
    """All addresses at once; then a client of each that answers, one after the other, for undisturbed times."""
    port, seconds = options.server.port, options.seconds
    return tuple(
        Served(
            reach,
            options.exchange.measured(reach.address, port, seconds) if reach.answered else Reply(False, reach.outcome),
        )
        for reach in reach_all(addresses, port, seconds)
    )


def _across(options: CheckOptions, served: tuple[Served, ...]) -> Reply | None:
    """A message from one family to the other, where both are served and there is a chat."""
    firsts = _first_of_each_family(served)
    if not isinstance(options.exchange, Chat) or len(firsts) < 2:
        return None
    return options.exchange.across(firsts[0], firsts[1], options.server.port, options.seconds)


def _rude(options: CheckOptions, served: tuple[Served, ...]) -> tuple[Rude, ...]:
    found = side_by_side(
        lambda address: be_rude(options.exchange, address, options.server.port, options.seconds),
        _first_of_each_family(served),
    )
    return tuple(each for rude in found for each in rude)


def _first_of_each_family(served: tuple[Served, ...]) -> list[str]:
    answering = [each.reach for each in served if each.answer.served]
    return [
        next(reach.address for reach in answering if reach.family == family)
        for family in FAMILIES
        if any(reach.family == family for reach in answering)
    ]
