"""`anyunix check`: deployed servers from outside, on every address of their names."""

import argparse
import re
import ssl
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from anyunix.check.check_formats import FORMATS
from anyunix.check.check_report import print_check
from anyunix.check.examine import CheckOptions
from anyunix.check.exchange_options import exchange_of
from anyunix.check.judge import EXPECTED
from anyunix.check.nagios import nagios_status, unknown
from anyunix.check.reach import literal
from anyunix.check.round_table import print_round
from anyunix.check.rounds import Query, Round, examine_all
from anyunix.check.schemes import SCHEMES
from anyunix.check.target_lines import target_lines
from anyunix.check.tls import trusted
from anyunix.check.tls_remarks import DAYS_LEFT, DaysLeft
from anyunix.check.url import Endpoint, parse_endpoint
from anyunix.check.watch import watch
from anyunix.commands.common import a_path, console_for_reports, count
from anyunix.errors import EXIT_NOT_RUN, ConfigurationError
from anyunix.host.whole_file import write_whole
from anyunix.text import UNSAFE, nearest

SECONDS, DEADLINE, WATCH, JOBS = 5.0, 60.0, 10.0, 32
NAGIOS = re.compile(r" --fo\w*[= ]nagios ")
"""In words that could not be parsed, with the option's abbreviations."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `check`."""
    parser.description = (
        "Connects to every address of a name, the only way to know who is served: a listening table shows "
        "neither a firewall nor what a `::` listener takes."
    )
    parser.epilog = (
        "Exit status: 0 as expected, 1 otherwise (without --expect: nothing answers, the families "
        "differ, or a certificate is bad), "
        "2 usage error, 3 a name has no address, or the time was over. "
        "With --format nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."
    )
    parser.add_argument(
        "servers",
        nargs="*",
        metavar="TARGET",
        help=f"a URL ({', '.join(f'{name}://' for name in SCHEMES if name != 'unix')}), unix:PATH, or HOST:PORT",
    )
    parser.add_argument(
        "--targets",
        type=a_path,
        metavar="FILE",
        help="a target a line, each with options of its own behind it; # begins a comment",
    )
    _of_one_server(parser)
    _of_all(parser)
    parser.set_defaults(command=check_command, usage_error=_usage_error)


def _of_one_server(parser: argparse.ArgumentParser) -> None:
    """What a line of --targets may have, too; those of the command line hold where a line says nothing else."""
    parser.add_argument("--label", metavar="NAME", help="what it is called in reports (default: as it is written)")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="an address to try besides those of the name; repeatable",
    )
    parser.add_argument("--expect", choices=EXPECTED, help="which families have to be served, and no other")
    parser.add_argument(
        "--send", metavar="TEXT", help=r"what a client sends first; \r, \n, \0 and \x41 are understood, and hex:0d0a"
    )
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
        "--ca",
        type=a_path,
        metavar="FILE",
        help="certificates in PEM, the only ones to be trusted (default: this machine's)",
    )
    for name, default, what in (
        ("warning", DAYS_LEFT.warning, "a warning"),
        ("critical", DAYS_LEFT.problem, "a problem"),
    ):
        parser.add_argument(
            f"--{name}-days",
            type=_days,
            default=default,
            metavar="DAYS",
            help=f"a certificate that expires earlier is {what} (default: %(default)g)",
        )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=SECONDS,
        metavar="SECONDS",
        help="for each connection, and for each answer (default: %(default)g)",
    )


def _of_all(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=count, default=JOBS, metavar="N", help="servers looked at side by side (default: %(default)s)"
    )
    parser.add_argument(
        "--deadline",
        type=_seconds,
        metavar="SECONDS",
        help=f"for all of them; what is not done by then is unknown (default: {DEADLINE:g}, or 12 times --timeout)",
    )
    parser.add_argument("--format", choices=("text", *FORMATS), default="text", action=_Format, help="default: text")
    parser.add_argument("--json", nargs=0, const="json", action=_Format, dest="format", help="as --format json")
    parser.add_argument(
        "--out", type=a_path, metavar="FILE", help="write it there, whole or not at all, instead of printing it"
    )
    parser.add_argument(
        "--watch", action="store_true", help=f"again and again, every {WATCH:g} seconds or --every, until Ctrl-C"
    )
    parser.add_argument("--every", type=_seconds, metavar="SECONDS", help="with --watch: from one look to the next")


class _Format(argparse.Action):
    """Notes that what is printed is for another program."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        namespace.format = self.const or values
        namespace.data = namespace.format != "text"


def check_command(arguments: argparse.Namespace) -> int:
    """Look, print; the exit status. Raises ConfigurationError."""
    try:
        return _check(arguments)
    except ConfigurationError as error:
        if arguments.format != "nagios":
            raise
        return _unknown(str(error))


def _unknown(why: str) -> int:
    """Print it where a plugin's user looks for it; the exit status."""
    print(unknown(why), end="", flush=True)
    return EXIT_NOT_RUN


def _usage_error(why: str, words: Sequence[str]) -> int | None:
    """What argparse has to say; its exit status, 2, would be CRITICAL to a monitoring system."""
    return _unknown(why) if NAGIOS.search(f" {' '.join(words)} ") else None


def _check(arguments: argparse.Namespace) -> int:
    """Raises ConfigurationError."""
    asked = _asked(arguments)
    deadline = arguments.deadline or max(DEADLINE, 12 * max(each.options.seconds for each in asked))

    def look() -> Round:
        return examine_all(asked, arguments.jobs, deadline)

    def say(done: Round) -> None:
        _say(arguments, done)

    if arguments.watch:
        return watch(console_for_reports(), look, arguments.every or WATCH, say)
    done = look()
    say(done)
    return nagios_status(done) if arguments.format == "nagios" else done.exit_status


def _say(arguments: argparse.Namespace, done: Round) -> None:
    """Raises ConfigurationError when it cannot be written."""
    if arguments.format != "text":
        text = FORMATS[arguments.format](done)
        if arguments.out is None:
            print(text, end="")
            return
        try:
            write_whole(arguments.out, text.encode())
        except OSError as error:
            raise ConfigurationError(f"--out {arguments.out}: cannot be written: {error.strerror}") from None
    elif len(done.examined) > 1:
        print_round(console_for_reports(), done)
    elif done.examined[0].check is None:
        print(f"anyunix: {done.examined[0].error}", file=sys.stderr)
    else:
        print_check(console_for_reports(), done.examined[0].check)


def _asked(arguments: argparse.Namespace) -> tuple[Query, ...]:
    """Raises ConfigurationError."""
    if arguments.watch and arguments.format != "text":
        raise ConfigurationError(f"--watch shows text: it has no --format {arguments.format}")
    if arguments.every and not arguments.watch:
        raise ConfigurationError("--every is for --watch")
    if arguments.out is not None and arguments.format == "text":
        raise ConfigurationError(f"--out is for a --format for programs: {', '.join(FORMATS)}")
    stores: dict[Path | None, ssl.SSLContext] = {}
    asked = tuple(_placed(each, stores) for each in _each_server(arguments))
    if not asked:
        raise ConfigurationError("no target: write a URL, HOST:PORT, or --targets FILE with at least one")
    labels = [each.label for each in asked]
    if double := next((label for label in labels if labels.count(label) > 1), None):
        raise ConfigurationError(f"{double} is there twice: give one of them a name of its own with --label NAME")
    return asked


def _each_server(arguments: argparse.Namespace) -> Iterator[argparse.Namespace]:
    """Those of the command line, then those of the file."""
    if arguments.label and (len(arguments.servers) > 1 or arguments.targets):
        raise ConfigurationError("--label is for one target: in a file it stands behind its target")
    for server in arguments.servers:
        if ":" not in server and Path(server).is_file():
            raise ConfigurationError(f"{server} is a file: --targets {server} looks at the targets in it")
        yield argparse.Namespace(**vars(arguments), server=server, place="")
    if arguments.targets:
        for place, words in target_lines(arguments.targets):
            yield _line(arguments, place, words)


def _line(arguments: argparse.Namespace, place: str, words: Sequence[str]) -> argparse.Namespace:
    """A target with options, as behind `anyunix check`. Raises ConfigurationError."""
    parser = _LineParser(prog=place, add_help=False, allow_abbrev=False)
    parser.add_argument("server", metavar="TARGET")
    _of_one_server(parser)
    found, rest = parser.parse_known_args(words, argparse.Namespace(**vars(arguments), place=place))
    if rest:
        near = nearest(rest[0], parser._option_string_actions) if rest[0].startswith("-") else ""
        parser.error(f"unrecognized arguments: {' '.join(rest)}{near}")
    return found


class _LineParser(argparse.ArgumentParser):
    """Errors are the file's."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{self.prog}: {message}")


def _placed(arguments: argparse.Namespace, stores: dict[Path | None, ssl.SSLContext]) -> Query:
    """Its errors with the line that they are about. Raises ConfigurationError."""
    try:
        return _one(arguments, stores)
    except ConfigurationError as error:
        raise ConfigurationError(f"{arguments.place}: {error}" if arguments.place else str(error)) from None


def _one(arguments: argparse.Namespace, stores: dict[Path | None, ssl.SSLContext]) -> Query:
    """A server as one type. Raises ConfigurationError."""
    server = parse_endpoint(arguments.server)
    _fitting(arguments, server)
    if arguments.label is not None and (UNSAFE.search(arguments.label) or "\n" in arguments.label):
        raise ConfigurationError(f"--label {arguments.label!r}: a name has no control characters")
    if server.scheme.tls and arguments.ca not in stores:
        stores[arguments.ca] = trusted(arguments.ca)
    options = CheckOptions(
        server,
        exchange_of(server, arguments.protocol, arguments.key_file, arguments.send, arguments.expect_reply),
        tuple(map(literal, arguments.also)),
        arguments.timeout,
        arguments.intrusive,
        arguments.expect,
        stores[arguments.ca] if server.scheme.tls else None,
        DaysLeft(arguments.warning_days, arguments.critical_days),
    )
    return Query(arguments.label or str(server), options)


def _fitting(arguments: argparse.Namespace, server: Endpoint) -> None:
    transport = server.scheme.transport
    if arguments.also and transport == "unix":
        raise ConfigurationError(f"{server}: --also is for names: a socket has one address")
    if arguments.intrusive and transport == "udp":
        raise ConfigurationError(f"{server}: --intrusive is for connections, and UDP has none")


def _seconds(text: str) -> float:
    """For argparse. Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise argparse.ArgumentTypeError(f"expected seconds, above 0 and up to 600, found {text!r}")
    return seconds


def _days(text: str) -> float:
    """For argparse. Raises ArgumentTypeError."""
    if not text.isdigit() or int(text) > 10_000:
        raise argparse.ArgumentTypeError(f"expected days, 0 to 10000, found {text!r}")
    return float(text)
