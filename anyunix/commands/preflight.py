"""`anyunix preflight`: the suite on the machine that a server is about to be rolled out to; go or no-go."""

import argparse
import os
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.text import Text

from anyunix.analysis.compare import shown
from anyunix.analysis.explain import explain
from anyunix.analysis.readiness import Explained, Preflight, last_portable, preflight
from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.probes import read_probes
from anyunix.commands.common import a_path, add_slowness, check_writable, console_for_reports, count, with_problems
from anyunix.drivers.registry import Drivers
from anyunix.drivers.vagrant.machines import Machines
from anyunix.errors import ConfigurationError
from anyunix.report.live import LiveTable, PlainLines
from anyunix.report.out_folder import OutFolder
from anyunix.report.terminal import print_report
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import Matrix
from anyunix.run.cell import SUITE_SECONDS, SuiteOptions
from anyunix.run.identity import check_comparable, identity_of
from anyunix.run.matrix import cells_of, platform_result, run_cells
from anyunix.text import safe

NAMES_SHOWN = 3
STYLES = {"go": "bold green", "no-go": "bold red", "no answer": "bold yellow"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `preflight` and its options."""
    parser = commands.add_parser(
        "preflight",
        help="before a rollout: run the suite on the target, and answer go or no-go",
        description="Runs the suite for one server on the target, in a temporary folder that is removed and on ports "
        "that nobody has, as an ordinary user may; nothing else is touched there.",
        epilog="Exit status: 0 go, 1 no-go: a contract is not kept there, 2 usage or configuration error, "
        "3 no answer: it did not run.",
    )
    parser.add_argument("target", metavar="TARGET", help="ssh://user@host:port, or a platform's name or file")
    parser.add_argument("--subject", required=True, metavar="NAME", help="a subject's name or file")
    parser.add_argument("--bind", metavar="MODE", help="a bind mode (default: the subject's first)")
    parser.add_argument(
        "--baseline",
        type=a_path,
        metavar="OLD",
        help="an earlier run's folder or matrix.json: the target's facts are compared with those of "
        "the platform on which it found the subject portable",
    )
    parser.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out/preflight"),
        metavar="DIR",
        help="where the results go (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=count,
        default=int(SUITE_SECONDS),
        metavar="SECONDS",
        help="for the suite (default: %(default)s)",
    )
    add_slowness(parser)
    parser.add_argument(
        "-k", dest="expression", default="", metavar="EXPR", help="only probes that match, as in pytest"
    )
    parser.set_defaults(command=preflight_command)


def preflight_command(arguments: argparse.Namespace) -> int:
    """Run the suite there and print the answer; the exit status. Raises ConfigurationError."""
    catalog = replace(find_catalog(), slowness=arguments.slowness)
    subject, platform = catalog.subject(arguments.subject), catalog.platform(arguments.target)
    bind = arguments.bind or next(iter(subject.binds))
    if bind not in subject.binds:
        raise ConfigurationError(
            f"--bind {bind}: subject {subject.name} has no such mode; it has {', '.join(subject.binds)}"
        )
    baseline = read_matrix(arguments.baseline) if arguments.baseline else None
    if baseline is not None:
        check_comparable(
            (str(arguments.baseline), baseline.identity), ("this run", identity_of(catalog.suite, [subject]))
        )
        last_portable(baseline, subject.name, bind)  # a suite for nothing takes a minute: look first
    check_writable(arguments.out)
    out, console = OutFolder(arguments.out), console_for_reports()
    started, begun = datetime.now(timezone.utc), time.monotonic()
    cells, drivers = cells_of([subject], [platform], [bind]), Drivers(Machines(dict(os.environ)))
    order = SuiteOptions(catalog.suite, arguments.expression, float(arguments.timeout))
    with order.cross_builds, LiveTable(console) if console.is_terminal else PlainLines(console) as watcher:
        results = run_cells(cells, drivers.for_platform, order, jobs=1, watcher=watcher, keeper=out)
    target = Matrix(
        platforms=(platform_result(platform, results),),
        cells=tuple(results),
        reference=platform.name,
        required=(platform.name,),
        texts=tuple(read_probes(catalog.suite)),
        started=started.isoformat(timespec="seconds"),
        seconds=time.monotonic() - begun,
    )
    found = preflight(explain(target), baseline)
    out.write(found.matrix)
    print_report(console, found.matrix, str(arguments.out))
    _print(console, found, platform.title, arguments.baseline)
    return with_problems(out, found.exit_status)


def _print(console: Console, found: Preflight, title: str, baseline: Path | None) -> None:
    cell = found.cell
    if found.known_good:
        console.print(Text(f"{len(found.facts)} facts are not those of {found.known_good}, {baseline}"))
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
