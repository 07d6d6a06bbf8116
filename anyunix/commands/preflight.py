"""`anyunix preflight`: the suite on the machine that a server is about to be rolled out to; go or no-go."""

import argparse
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from anyunix.analysis.compare import shown
from anyunix.analysis.readiness import Explained, Preflight, best_of, preflight
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.commands.cluster_options import add_cluster
from anyunix.commands.common import (
    a_path,
    add_json,
    add_probes,
    check_writable,
    console_for_progress,
    console_for_reports,
    with_problems,
)
from anyunix.commands.pool_options import add_resume, pool_of
from anyunix.commands.suite_options import add_suite_options
from anyunix.report import json_output
from anyunix.report.live import watcher_on
from anyunix.report.out_folder import OutFolder
from anyunix.report.terminal import print_report
from anyunix.run import Choice, RunOptions, Selection, run_matrix, select
from anyunix.run.own_probes import with_probes
from anyunix.run.pipeline import read_baseline
from anyunix.text import safe

NAMES_SHOWN = 3
STYLES = {"go": "bold green", "no-go": "bold red", "no answer": "bold yellow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `preflight`."""
    parser.description = (
        "Runs the suite for one server on the target, in a temporary folder that is removed and on ports "
        "that nobody has, as an ordinary user may; nothing else is touched there."
    )
    parser.epilog = (
        "Exit status: 0 go, 1 no-go: a contract is not kept there, 2 usage or configuration error, "
        "3 no answer: it did not run."
    )
    parser.add_argument("target", metavar="TARGET", help="ssh://user@host:port, or a platform's name or file")
    parser.add_argument("--subject", required=True, metavar="NAME", help="a subject's name or file")
    parser.add_argument("--bind", metavar="MODE", help="a bind mode (default: the subject's first)")
    parser.add_argument(
        "--baseline",
        type=a_path,
        metavar="OLD",
        help="an earlier run's folder or matrix.json: the target's facts are compared with those of "
        "the platform on which the subject kept the most",
    )
    add_suite_options(parser, Path("anyunix-out/preflight"))
    add_cluster(parser)
    add_resume(parser)
    add_probes(parser)
    add_json(parser)
    parser.set_defaults(command=preflight_command)


def preflight_command(arguments: argparse.Namespace) -> int:
    """Run the suite there and print the answer; the exit status. Raises ConfigurationError."""
    with with_probes(replace(find_catalog(), slowness=arguments.slowness), arguments.probes) as catalog:
        return _preflight(arguments, catalog)


def _preflight(arguments: argparse.Namespace, catalog: Catalog) -> int:
    selection = _selection(arguments, catalog)
    cell = selection.cells[0]
    baseline = read_baseline(arguments.baseline, selection.catalog, [cell.subject]) if arguments.baseline else None
    if baseline is not None:
        best_of(baseline, cell.subject.name, cell.bind)  # a suite for nothing takes a minute: look first
    check_writable(arguments.out)
    out, console = OutFolder(arguments.out), console_for_reports()
    options = RunOptions(
        arguments.expression, float(arguments.timeout), jobs=1, trace="never", workers=arguments.workers
    )
    with (
        watcher_on(console_for_progress(arguments)) as watcher,
        pool_of(arguments, options.jobs, catalog.suite, tell=watcher.works) as pool,
    ):
        matrix = run_matrix(selection, options, watcher=watcher, keeper=out, pool=pool)
    found = preflight(matrix, baseline)
    out.write(found.matrix)
    if arguments.data:
        print(json_output.ready(found))
    else:
        print_report(console, found.matrix, str(arguments.out))
        _print(console, found, cell.platform.title, arguments.baseline)
    return with_problems({**out.problems, **pool.journal.problems}, found.exit_status)


def _selection(arguments: argparse.Namespace, catalog: Catalog) -> Selection:
    """The one cell. Raises ConfigurationError."""
    choice = Choice((arguments.subject,), (arguments.target,), (arguments.bind,) if arguments.bind else ())
    selection = select(choice, catalog)
    return replace(selection, reference=selection.platforms[0].name, part="")  # of one subject, so that is no part


def _print(console: Console, found: Preflight, title: str, baseline: Path | None) -> None:
    cell = found.cell
    if found.known_good:
        console.print(Text(f"{len(found.facts)} facts are not those of {found.known_good}, {baseline}"))
        if before := found.broken_before:
            text = f"note: {found.known_good} did not keep {len(before)} contracts: {_few(before)}"
            console.print(Text(text, "yellow"), soft_wrap=True)
        told = [each for each in found.facts if each.failing or each.kept]
        for each in told:
            console.print(Text(f"  {_fact(each, cell.platform)}"), soft_wrap=True)
        if len(told) < len(found.facts):
            console.print(Text(f"  {len(found.facts) - len(told)} more, on which no contract rests"))
    kept = len(cell.kept())
    counted = f"{kept} contracts kept, {len(cell.failures)} not, {cell.left_out} left out"
    without = "" if baseline else "; compared with nothing: --baseline OLD compares its facts with an earlier run's"
    what = f"{cell.subject}, bind {cell.bind}, on {safe(title)}"
    console.print(Text(f"{found.answer.upper()}: {what}: {counted}{without}", STYLES[found.answer]), soft_wrap=True)


def _fact(each: Explained, target: str) -> str:
    fact = each.fact
    line = f"{fact.name}: {shown(fact.values[target])} there, {shown(fact.values[fact.base])} before"
    if each.failing:
        return f"{line}; may explain why {_few(each.failing)} fails"
    return f"{line}; kept all the same: {_few(each.kept)}"


def _few(names: tuple[str, ...]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
