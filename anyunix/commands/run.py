"""`anyunix run`: the suite for subjects on platforms, compared."""

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from anyunix.analysis.changes import changes, dropped
from anyunix.analysis.expectations import apply, load_expectations
from anyunix.analysis.explain import explain
from anyunix.analysis.verdict import exit_status, judge, shard_status
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.probes import read_probes
from anyunix.commands.common import a_path, add_slowness, check_writable, console_for_reports, count, with_problems
from anyunix.drivers.registry import Drivers
from anyunix.drivers.vagrant.box import variable
from anyunix.drivers.vagrant.machines import Machines
from anyunix.errors import ConfigurationError
from anyunix.report import github
from anyunix.report.change_lines import print_changes
from anyunix.report.live import LiveTable, PlainLines
from anyunix.report.out_folder import OutFolder
from anyunix.report.terminal import print_left_out, print_overall, print_report
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import CellResult, Matrix
from anyunix.run.cell import SUITE_SECONDS, Cell, SuiteOptions
from anyunix.run.growing import NOT_ENDED, GrowingMatrix
from anyunix.run.identity import check_comparable, identity_of
from anyunix.run.matrix import choose_reference, platform_result, run_cells, with_poisoned
from anyunix.run.measure import with_facts
from anyunix.run.rerun import TRACE_MODES, Records, with_culprits, with_traces
from anyunix.run.selection import Selection, add_selection, select, select_cells
from anyunix.run.start import never_started


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `run` and its options."""
    run = commands.add_parser(
        "run",
        help="run the suite for subjects on platforms, and compare",
        epilog="Exit status: 0 portable, or one platform was asked for and everything was kept there; 1 not portable, "
        "promises broken, flaky, or an expectation does not hold; 2 usage or configuration error; 3 not "
        "answered: a platform that was named did not run, a cell broke, or too little was tried; 4 nothing to "
        "compare with: of several platforms only one ran.",
    )
    add_selection(run)
    run.add_argument(
        "--cell",
        nargs=3,
        action="append",
        default=[],
        metavar=("SUBJECT", "PLATFORM", "BIND"),
        help="this cell and, without --subject and --platform, no other; repeatable",
    )
    run.add_argument(
        "--shard",
        default="",
        metavar="N/M",
        help="this is a part of what `anyunix plan` planned: exit status 0 when its cells ran, 3 when one "
        "broke or a required one did not run; `anyunix merge` gives the verdict",
    )
    run.add_argument(
        "--jobs",
        type=count,
        default=os.cpu_count() or 1,
        metavar="N",
        help="cells side by side (default: one a core, here %(default)s)",
    )
    run.add_argument(
        "--timeout",
        type=count,
        default=int(SUITE_SECONDS),
        metavar="SECONDS",
        help="for the suite in one cell (default: %(default)s)",
    )
    add_slowness(run)
    run.add_argument(
        "--repeat",
        type=count,
        default=1,
        metavar="N",
        help="run the suite N times in each cell; what does not agree is flaky (default: %(default)s)",
    )
    run.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out"),
        metavar="DIR",
        help="where the results go (default: %(default)s)",
    )
    run.add_argument(
        "--expectations",
        type=a_path,
        metavar="DIR",
        help="where accepted failures are listed, a <subject>.yaml each (default: ./expectations)",
    )
    run.add_argument(
        "--baseline",
        type=a_path,
        metavar="OLD",
        help="an earlier run's folder or matrix.json: print what changed since",
    )
    for option, what in (
        ("--box", "a box, or a box file"),
        ("--box-version", "the version of its box"),
        ("--box-url", "where its box is"),
    ):
        run.add_argument(
            option,
            action="append",
            default=[],
            type=_assignment,
            metavar="PLATFORM=VALUE",
            help=f"{what} for a virtual machine instead of what its platform file names; repeatable",
        )
    run.add_argument(
        "--fresh",
        action="store_true",
        help="make virtual machines anew instead of using those that an earlier run left",
    )
    run.add_argument(
        "--trace",
        choices=TRACE_MODES,
        default=TRACE_MODES[0],
        help="run contracts again under a system call tracer, here and on the reference, and show where "
        "the two part (default: %(default)s)",
    )
    run.add_argument(
        "--poisoned",
        action="store_true",
        help="build C subjects a second time, with uninitialised variables filled by a pattern, and hold "
        "them to the contracts as well",
    )
    run.add_argument("-k", dest="expression", default="", metavar="EXPR", help="only probes that match, as in pytest")
    run.set_defaults(command=run_command)


def run_command(arguments: argparse.Namespace) -> int:
    """Run the cells, keep and print what they brought; the exit status. Raises ConfigurationError."""
    catalog = replace(find_catalog(), slowness=arguments.slowness)
    chosen = select_cells(catalog, arguments) if arguments.cell else select(catalog, arguments)
    if arguments.poisoned and not any(subject.build for subject in chosen.subjects):
        raise ConfigurationError(
            f"--poisoned: {', '.join(subject.name for subject in chosen.subjects)}: nothing is "
            "built, so there is no variable to fill; name a subject that has a build command"
        )
    expectations = load_expectations(chosen.subjects, arguments.expectations)
    baseline = read_matrix(arguments.baseline) if arguments.baseline else None
    if baseline is not None:
        check_comparable(
            (str(arguments.baseline), baseline.identity), ("this run", identity_of(catalog.suite, chosen.subjects))
        )
    check_writable(arguments.out)
    out, console = OutFolder(arguments.out), console_for_reports()
    matrix = _run_matrix(catalog, chosen, arguments, out, console)
    if baseline is not None:
        matrix = replace(matrix, dropped=dropped(baseline, matrix))
    matrix = judge(
        apply(matrix, expectations, today=datetime.now(timezone.utc).date(), known_platforms=catalog.platform_names())
    )
    out.write(matrix)
    wrong = {} if matrix.shard else never_started(matrix)
    if wrong and len(wrong) == len(chosen.subjects):  # there is nothing to judge
        raise ConfigurationError("\n".join(wrong.values()))
    print_report(console, matrix, str(arguments.out))
    if baseline is not None:
        print_changes(console, changes(baseline, matrix), str(arguments.baseline))
    arguments.workflow.tell(github.report(matrix, os.environ))
    if chosen.left_out:
        print_left_out(console, chosen.left_out)
    print_overall(console, matrix)
    if wrong:
        raise ConfigurationError("\n".join(wrong.values()))
    return with_problems(out, shard_status(matrix) if matrix.shard else exit_status(matrix))


def _run_matrix(
    catalog: Catalog, chosen: Selection, arguments: argparse.Namespace, out: OutFolder, console: Console
) -> Matrix:
    """All cells, then once more those that failed, under the tools that tell why."""
    started, begun = datetime.now(timezone.utc), time.monotonic()
    order = SuiteOptions(catalog.suite, arguments.expression, float(arguments.timeout), arguments.repeat)
    texts = tuple(read_probes(catalog.suite))
    contracts = [text.id for text in texts if text.kind == "contract"] if arguments.poisoned else []
    cells = with_poisoned(chosen.cells, contracts)
    drivers = Drivers(Machines(_environment(arguments), fresh=arguments.fresh))
    with order.cross_builds, LiveTable(console) if console.is_terminal else PlainLines(console) as watcher:

        def run_again(again: Sequence[Cell]) -> Records:
            records = Records()
            measure(again, records)
            return records

        def measure(again: Sequence[Cell], records: Records | None = None) -> list[CellResult]:
            return run_cells(
                list(again),
                drivers.for_platform,
                replace(order, expression="", repeat=1),
                jobs=arguments.jobs,
                watcher=watcher,
                keeper=records or Records(),
            )

        identity, part = identity_of(catalog.suite, chosen.subjects), _part(chosen, order)

        def matrix_of(results: Sequence[CellResult]) -> Matrix:
            return Matrix(
                platforms=tuple(platform_result(platform, results) for platform in chosen.platforms),
                cells=tuple(results),
                reference=choose_reference(arguments.reference, results),
                required=chosen.required,
                texts=texts,
                started=started.isoformat(timespec="seconds"),
                identity=identity,
                shard=arguments.shard,
                part=part,
            )

        growing = GrowingMatrix(out, [cell.result("not-run", NOT_ENDED) for cell in cells], matrix_of)
        growing.begin()
        results = run_cells(cells, drivers.for_platform, order, jobs=arguments.jobs, watcher=watcher, keeper=growing)
        matrix = with_facts(matrix_of(results), cells, catalog.suite, measure)
        matrix = with_culprits(with_traces(matrix, cells, arguments.trace, run_again), cells, run_again)
    return replace(explain(matrix), seconds=time.monotonic() - begun)


def _part(chosen: Selection, order: SuiteOptions) -> str:
    """`23 of 286 probes, -k binding`; empty for a whole run. Raises ConfigurationError."""
    if not order.expression:
        return chosen.part
    some, every = (len(order.plans.begin(order.suite, each).result()) for each in (order.expression, ""))
    return f"{some} of {every} probes, {chosen.part}"


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise argparse.ArgumentTypeError(f"expected PLATFORM=VALUE, found {text!r}")
    return name, value


def _environment(arguments: argparse.Namespace) -> dict[str, str]:
    """The environment, with what the command line says of boxes over it."""
    given = (("BOX", arguments.box), ("BOX_VERSION", arguments.box_version), ("BOX_URL", arguments.box_url))
    return {**os.environ, **{variable(key, name): value for key, pairs in given for name, value in pairs}}
