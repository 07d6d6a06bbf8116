"""`anyunix check`: a deployed server from outside, on every address of its name."""

import argparse
import sys

from anyunix.check.check_report import as_json, print_check
from anyunix.check.examine import CheckOptions, examine
from anyunix.check.exchange import exchange_of
from anyunix.check.judge import EXPECTED
from anyunix.check.reach import literal, parse_host_port
from anyunix.commands.common import a_path, console_for_reports
from anyunix.errors import EXIT_NOT_RUN, PlatformError

SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `check`."""
    parser.description = (
        "Connects to every address of a name, the only way to know who is served: a listening table shows "
        "neither a firewall nor what a `::` listener takes."
    )
    parser.epilog = (
        "Exit status: 0 as expected, 1 otherwise (without --expect: nothing answers, or the families differ), "
        "2 usage error, 3 the name has no address."
    )
    parser.add_argument("server", metavar="HOST:PORT", help="a name, an IPv4 address, or an IPv6 address in brackets")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="an address to try besides those of the name; repeatable",
    )
    parser.add_argument("--expect", choices=EXPECTED, help="which families have to be served, and no other")
    parser.add_argument("--send", metavar="TEXT", help=r"what a client sends first; \r, \n, \0 and \x41 are understood")
    parser.add_argument("--expect-reply", metavar="PATTERN", help="regular expression for what has to come back")
    parser.add_argument(
        "--protocol",
        choices=("chat",),
        help="speak the chat protocol: with --key-file, messages that stay in the chat's log",
    )
    parser.add_argument("--key-file", type=a_path, metavar="FILE", help="the chat server's key")
    parser.add_argument(
        "--intrusive",
        action="store_true",
        help="be a half-open client, one that talks nonsense and one that resets, too",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=SECONDS,
        metavar="SECONDS",
        help="for each connection, and for each answer (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", dest="data", help="print JSON")
    parser.set_defaults(command=check_command)


def check_command(arguments: argparse.Namespace) -> int:
    """Look, print; the exit status. Raises ConfigurationError."""
    options = CheckOptions(
        parse_host_port(arguments.server),
        exchange_of(arguments.protocol, arguments.key_file, arguments.send, arguments.expect_reply),
        tuple(map(literal, arguments.also)),
        arguments.timeout,
        arguments.intrusive,
        arguments.expect,
    )
    try:
        check = examine(options)
    except PlatformError as error:
        print(f"anyunix: {error}", file=sys.stderr)
        return EXIT_NOT_RUN
    if arguments.data:
        print(as_json(check))
    else:
        print_check(console_for_reports(), check)
    return check.exit_status


def _seconds(text: str) -> float:
    """For argparse. Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise argparse.ArgumentTypeError(f"expected seconds, above 0 and up to 600, found {text!r}")
    return seconds
