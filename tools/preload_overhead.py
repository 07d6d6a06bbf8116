"""What it costs a server to have differences preloaded: measured as `anyunix bench` does, plain and preloaded in turn.

    python tools/preload_overhead.py                       accept-nonblock alone, and all of FreeBSD: under 3 minutes
    python tools/preload_overhead.py signals-queue macos   only these: differences by name, systems by name
    python tools/preload_overhead.py --rounds 30           for narrower quartiles

On this machine, which should be idle. In each round the servers are measured once without and once with each of
these: chat-c with 8 clients that send when the last message is back, and fork-c of the paper's experiment with 64
connections of 1 Mbit/s. Prints a Markdown table: medians, and the overhead as the median of the rounds' ratios, with
its quartiles. What needs sysctls or files of its own is left out of a system's differences, and named: it takes a
network namespace, and nothing is preloaded for it. Exit status 0 measured, 2 usage, 3 nothing could be measured.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import fmean, median, quantiles

from anyunix.bench.remote.chat_run import ChatPoint
from anyunix.bench.remote.experiment import Point
from anyunix.bench.remote.programs import CHAT_LOADS, CHATS, LOADS, SERVERS
from anyunix.bench.schedule import RATE, SIZE
from anyunix.bench.testbed import Testbed, staged
from anyunix.catalog.difference import Difference
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.switching import switched_on
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from under_differences import chosen, groups_of

PLAIN = "plain"
MEASURES = (
    ("chat-c", "messages/s"),
    ("chat-c", "CPU µs a delivery"),
    ("chat-c", "system calls a delivery"),
    ("fork-c", "CPU %"),
    ("fork-c", "system calls a write"),
)
MORE_IS_BETTER = {"messages/s"}
LEAST_ROUNDS = 2
"""Fewer have no quartiles."""

Measurement = dict[tuple[str, str], float]
"""Server and measure -> what one round found."""


@dataclass(frozen=True)
class Overhead:
    """How much worse a measure is with something preloaded, in per cent."""

    plain: float
    preloaded: float
    median: float
    quarter: float
    three_quarters: float


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", default=["accept-nonblock", "freebsd"], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="(default: %(default)s)")
    wanted = parser.parse_args(arguments)
    if wanted.rounds < LEAST_ROUNDS:
        parser.error(f"--rounds {wanted.rounds}: at least {LEAST_ROUNDS}")
    catalog = find_catalog()
    try:
        groups = chosen(groups_of(catalog), wanted.names)
        with ExitStack() as stack:
            testbeds = {PLAIN: testbed(catalog, (), stack)}
            for name, differences in groups.items():
                preloaded = [each for each in differences if not each.alters]
                if left_out := [each.name for each in differences if each.alters]:
                    say(f"{name}: without {', '.join(left_out)}, for which nothing is preloaded")
                testbeds[name] = testbed(catalog, preloaded, stack)
            rounds = [one_round(testbeds, number, wanted.rounds) for number in range(1, wanted.rounds + 1)]
    except ConfigurationError as error:
        print(f"preload_overhead: {error}", file=sys.stderr)
        return error.exit_status
    except (NotRun, PlatformError) as error:
        print(f"preload_overhead: {error}", file=sys.stderr)
        return 3
    print(f"{wanted.rounds} rounds on {testbeds[PLAIN].inventory.machine}\n")
    for line in table(rounds, list(groups)):
        print(line)
    return 0


def testbed(catalog: Catalog, differences: Sequence[Difference], stack: ExitStack) -> Testbed:
    """This machine with these differences. Raises NotRun, PlatformError."""
    platform = switched_on(catalog.platform("local"), differences)
    sources = [SERVERS[0], CHATS[0], LOADS[0], CHAT_LOADS[0]]
    found = stack.enter_context(staged(platform, Drivers().for_platform(platform), catalog, sources, 1))
    if reason := found.inventory.lacking or "; ".join(found.inventory.left_out):
        raise NotRun(reason)
    return found


def one_round(testbeds: dict[str, Testbed], number: int, rounds: int) -> dict[str, Measurement]:
    """Each measured once; who is first changes from round to round, so that drift hits all alike."""
    names = list(testbeds)
    first = number % len(names)
    found = {name: measured(testbeds[name]) for name in (*names[first:], *names[:first])}
    say(f"round {number} of {rounds}: " + ", ".join(f"{name} {said(found[name])}" for name in names))
    return found


def measured(testbed: Testbed) -> Measurement:
    """One run of each server. Raises PlatformError for one that is invalid."""
    chat = testbed.measure_chat(ChatPoint(CHATS[0].name, 8, 0.0, 2.0))
    paper = testbed.measure(Point(SERVERS[0].name, "like", 64, SIZE, RATE, 2.0))
    if reason := chat.invalid or paper.invalid:
        raise PlatformError(f"a run is invalid: {reason}")
    found = {
        ("chat-c", "messages/s"): chat.messages / chat.seconds,
        ("chat-c", "CPU µs a delivery"): 1e6 * chat.cpu_seconds / chat.deliveries,
        ("fork-c", "CPU %"): fmean(paper.samples),
    }
    if chat.calls is not None:
        found["chat-c", "system calls a delivery"] = chat.calls / chat.deliveries
    if paper.calls_a_write is not None:
        found["fork-c", "system calls a write"] = paper.calls_a_write
    return found


def said(one: Measurement) -> str:
    return f"{one['chat-c', 'messages/s']:.0f} messages/s, {one['fork-c', 'CPU %']:.2f} %"


def table(rounds: Sequence[dict[str, Measurement]], groups: Sequence[str]) -> list[str]:
    """Markdown, a row for each of what was on and each measure."""
    lines = [
        "| on | server | measure | plain | preloaded | overhead, % | quartiles |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in groups:
        for measure in MEASURES:
            if all(measure in one[each] for one in rounds for each in (PLAIN, name)):
                found = overhead(
                    [one[PLAIN][measure] for one in rounds],
                    [one[name][measure] for one in rounds],
                    more_is_better=measure[1] in MORE_IS_BETTER,
                )
                cells = name, *measure, f"{found.plain:.2f}", f"{found.preloaded:.2f}", f"{found.median:+.1f}"
                between = f"{found.quarter:+.1f} to {found.three_quarters:+.1f}"
                lines.append(f"| {' | '.join(cells)} | {between} |")
    return lines


def overhead(plain: Sequence[float], preloaded: Sequence[float], *, more_is_better: bool) -> Overhead:
    """Of pairs that were measured in one round each."""
    pairs = zip(plain, preloaded, strict=True)
    ratios = [without / beside if more_is_better else beside / without for without, beside in pairs]
    quarter, _, three_quarters = (100 * (each - 1) for each in quantiles(ratios, n=4, method="inclusive"))
    return Overhead(median(plain), median(preloaded), 100 * (median(ratios) - 1), quarter, three_quarters)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
