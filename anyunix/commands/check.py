"""`anyunix check`: a deployed server from outside, on every address of its name."""

import argparse
import sys

from anyunix.check.check_report import as_json, print_check
from anyunix.check.exchange import Chat, Exchange, Reply, exchange_of
from anyunix.check.intrusive import Rude, be_rude
from anyunix.check.judge import EXPECTED, Check, Served
from anyunix.check.reach import FAMILIES, Place, addresses_of, literal, parse_place, reach_all, side_by_side
from anyunix.commands.common import a_path, console_for_reports
from anyunix.errors import EXIT_NOT_RUN, PlatformError

SECONDS = 5.0


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `check` and its options."""
    check = commands.add_parser(
        "check",
        help="look at a deployed server from outside: which families it serves, and how it turns others away",
        description="Connects to every address of a name, the only way to know who is served: a listening table shows "
        "neither a firewall nor what a `::` listener takes.",
        epilog="Exit status: 0 as expected, 1 otherwise (without --expect: nothing answers, or the families differ), "
        "2 usage error, 3 the name has no address.",
    )
    check.add_argument("place", metavar="HOST:PORT", help="a name, an IPv4 address, or an IPv6 address in brackets")
    check.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="an address to try besides those of the name; repeatable",
    )
    check.add_argument("--expect", choices=EXPECTED, help="which families have to be served, and no other")
    check.add_argument("--send", metavar="TEXT", help=r"what a client says first; \r, \n, \0 and \x41 are understood")
    check.add_argument("--expect-reply", metavar="PATTERN", help="regular expression for what has to come back")
    check.add_argument(
        "--protocol",
        choices=("chat",),
        help="speak the chat protocol: with --key-file, messages that stay in the chat's log",
    )
    check.add_argument("--key-file", type=a_path, metavar="FILE", help="the chat server's key")
    check.add_argument(
        "--intrusive",
        action="store_true",
        help="be a half-open client, one that talks nonsense and one that resets, too",
    )
    check.add_argument(
        "--timeout",
        type=_seconds,
        default=SECONDS,
        metavar="SECONDS",
        help="for each connection, and for each answer (default: %(default)g)",
    )
    check.add_argument("--json", action="store_true", dest="data", help="print JSON")
    check.set_defaults(command=check_command)


def check_command(arguments: argparse.Namespace) -> int:
    """Look, print, judge; the exit status. Raises ConfigurationError."""
    place = parse_place(arguments.place)
    exchange = exchange_of(arguments.protocol, arguments.key_file, arguments.send, arguments.expect_reply)
    also = [literal(address) for address in arguments.also]
    try:
        addresses = list(dict.fromkeys([*addresses_of(place.host), *also]))
    except PlatformError as error:
        print(f"anyunix: {error}", file=sys.stderr)
        return EXIT_NOT_RUN
    served = _served(place, exchange, addresses, arguments.timeout)
    check = Check(
        place,
        served,
        exchange.proves,
        _across(place, exchange, served, arguments.timeout),
        _rude(place, exchange, served, arguments.timeout) if arguments.intrusive else (),
        arguments.expect,
    )
    if arguments.data:
        print(as_json(check))
    else:
        print_check(console_for_reports(), check)
    return check.exit_status


def _served(place: Place, exchange: Exchange, addresses: list[str], seconds: float) -> tuple[Served, ...]:
    """All addresses at once; then a client of each that answers, one after the other, for undisturbed times."""
    return tuple(
        Served(
            reach,
            exchange.measured(reach.address, place.port, seconds) if reach.answered else Reply(False, reach.outcome),
        )
        for reach in reach_all(addresses, place.port, seconds)
    )


def _across(place: Place, exchange: Exchange, served: tuple[Served, ...], seconds: float) -> Reply | None:
    """A message from one family to the other, where both are served and there is a chat."""
    firsts = _first_of_each_family(served)
    if not isinstance(exchange, Chat) or len(firsts) < 2:
        return None
    return exchange.across(firsts[0], firsts[1], place.port, seconds)


def _rude(place: Place, exchange: Exchange, served: tuple[Served, ...], seconds: float) -> tuple[Rude, ...]:
    found = side_by_side(lambda address: be_rude(exchange, address, place.port, seconds), _first_of_each_family(served))
    return tuple(each for rude in found for each in rude)


def _first_of_each_family(served: tuple[Served, ...]) -> list[str]:
    answering = [each.reach for each in served if each.answer.served]
    return [
        next(reach.address for reach in answering if reach.family == family)
        for family in FAMILIES
        if any(reach.family == family for reach in answering)
    ]


def _seconds(text: str) -> float:
    """For argparse. Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise argparse.ArgumentTypeError(f"expected seconds, above 0 and up to 600, found {text!r}")
    return seconds
