"""`anyunix run`: the suite for subjects on platforms, compared."""

import argparse
import os
from dataclasses import replace
from pathlib import Path

from anyunix.analysis.changes import changes
from anyunix.analysis.expectations import load_expectations
from anyunix.analysis.verdict import exit_status, shard_status
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.commands.cluster_options import add_cluster
from anyunix.commands.common import a_path, add_probes, check_writable, console_for_reports, count, with_problems
from anyunix.commands.pool_options import add_resume, pool_of
from anyunix.commands.selection_options import add_selection, choice_of
from anyunix.commands.suite_options import add_suite_options
from anyunix.drivers.registry import Drivers
from anyunix.drivers.vagrant.box import variable
from anyunix.drivers.vagrant.machines import Machines
from anyunix.errors import ConfigurationError
from anyunix.report import github, gitlab
from anyunix.report.change_lines import print_changes
from anyunix.report.live import watcher_on
from anyunix.report.out_folder import OutFolder
from anyunix.report.terminal import print_left_out, print_overall, print_report
from anyunix.run import Choice, RunOptions, Selection, run_matrix, select
from anyunix.run.causes import EXPERIMENT_SECONDS
from anyunix.run.cell_times import cell_times_file
from anyunix.run.durations import durations_file
from anyunix.run.own_probes import with_probes
from anyunix.run.pipeline import read_baseline
from anyunix.run.rerun import TRACE_MODES
from anyunix.run.start import never_started


def add_arguments(run: argparse.ArgumentParser) -> None:
    """Add the options of `run`."""
    run.epilog = (
        "Exit status: 0 portable, or one platform was asked for and everything was kept there; 1 not portable, "
        "promises broken, flaky, or an expectation does not hold; 2 usage or configuration error; 3 not "
        "answered: a platform that was named did not run, a cell broke, or too little was tried; 4 nothing to "
        "compare with: of several platforms only one ran."
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
        help="cells side by side (default: one per core, here %(default)s)",
    )
    add_cluster(run)
    add_suite_options(run, Path("anyunix-out"))
    add_resume(run)
    add_probes(run)
    run.add_argument(
        "--repeat",
        type=count,
        default=1,
        metavar="N",
        help="run the suite N times in each cell; what does not agree is flaky (default: %(default)s)",
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
        "--experiment-seconds",
        type=count,
        default=EXPERIMENT_SECONDS,
        metavar="N",
        help="time for experiments on what fails and is kept on the reference: known differences are switched on "
        "there until the fewest that break it are found (default: %(default)s)",
    )
    run.add_argument("--no-experiments", action="store_true", help="look for no causes by experiment")
    run.add_argument(
        "--poisoned",
        action="store_true",
        help="build C subjects a second time, with uninitialised variables filled by a pattern, and hold "
        "them to the contracts as well",
    )
    run.set_defaults(command=run_command)


def run_command(arguments: argparse.Namespace) -> int:
    """Run the cells, keep and print what came of them; the exit status. Raises ConfigurationError."""
    with with_probes(replace(find_catalog(), slowness=arguments.slowness), arguments.probes) as catalog:
        return _run(arguments, catalog)


def _run(arguments: argparse.Namespace, catalog: Catalog) -> int:
    selection = select(_choice(arguments), catalog)
    options = _options(arguments, selection)
    check_writable(arguments.out)
    out, console = OutFolder(arguments.out), console_for_reports()
    environment = _environment(arguments)
    make_driver = Drivers(Machines(environment, fresh=arguments.fresh)).for_platform
    with (
        watcher_on(console) as watcher,
        pool_of(arguments, options.jobs, selection.catalog.suite, make_driver, environment, watcher.works) as pool,
    ):
        matrix = run_matrix(selection, options, watcher=watcher, keeper=out, pool=pool)
    out.write(matrix)
    wrong = {} if matrix.shard else never_started(matrix)
    if wrong and len(wrong) == len(selection.subjects):  # there is nothing to judge
        raise ConfigurationError("\n".join(wrong.values()))
    print_report(console, matrix, str(arguments.out))
    if options.baseline is not None:
        print_changes(console, changes(options.baseline, matrix), str(arguments.baseline))
    subjects = {each.name: each for each in selection.subjects}
    gitlab.report(matrix, os.environ, subjects, out)
    arguments.workflow.tell(github.report(matrix, os.environ, subjects))
    if selection.left_out:
        print_left_out(console, selection.left_out)
    print_overall(console, matrix)
    if wrong:
        raise ConfigurationError("\n".join(wrong.values()))
    problems = {**out.problems, **pool.journal.problems}
    return with_problems(problems, shard_status(matrix) if matrix.shard else exit_status(matrix))


def _choice(arguments: argparse.Namespace) -> Choice:
    """Raises ConfigurationError."""
    return replace(
        choice_of(arguments),
        cells=tuple((subject, platform, bind) for subject, platform, bind in arguments.cell),
        shard=arguments.shard,
        poisoned=arguments.poisoned,
    )


def _options(arguments: argparse.Namespace, selection: Selection) -> RunOptions:
    """Raises ConfigurationError."""
    expectations = load_expectations(selection.subjects, arguments.expectations)
    baseline = read_baseline(arguments.baseline, selection.catalog, selection.subjects) if arguments.baseline else None
    return RunOptions(
        expression=arguments.expression,
        seconds=float(arguments.timeout),
        repeat=arguments.repeat,
        jobs=arguments.jobs,
        workers=arguments.workers,
        durations=durations_file(),
        cell_times=cell_times_file(),
        trace=arguments.trace,
        experiment_seconds=0.0 if arguments.no_experiments else float(arguments.experiment_seconds),
        expectations=expectations,
        baseline=baseline,
    )


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise argparse.ArgumentTypeError(f"expected PLATFORM=VALUE, found {text!r}")
    return name, value


def _environment(arguments: argparse.Namespace) -> dict[str, str]:
    """The environment, with what the command line says of boxes over it."""
    given = (("BOX", arguments.box), ("BOX_VERSION", arguments.box_version), ("BOX_URL", arguments.box_url))
    return {**os.environ, **{variable(key, name): value for key, pairs in given for name, value in pairs}}
