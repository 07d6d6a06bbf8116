"""`anyunix why`: the cause of one failure."""

import argparse
from pathlib import Path

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path, add_probes, console_for_reports, count
from anyunix.errors import EXIT_DONE, EXIT_FAILED
from anyunix.report.cause_lines import print_why
from anyunix.report.live import watcher_on
from anyunix.results.matrix_file import read_matrix
from anyunix.run.causes import EXPERIMENT_SECONDS
from anyunix.run.one_cause import Question, asked_of, with_cause
from anyunix.run.own_probes import with_probes


def add_arguments(why: argparse.ArgumentParser) -> None:
    """Add the arguments of `why`."""
    why.epilog = (
        "Where the run did not find the cause, an experiment is made now: differences that the platform has are "
        "switched on where the contract is kept, until the fewest that break it are found. Exit status: 0 there is a "
        "cause, 1 there is none, 2 usage or configuration error."
    )
    why.add_argument("cell", metavar="CELL", help="platform, subject and bind mode, as in freebsd-c-first")
    why.add_argument(
        "probe", metavar="PROBE", help="the contract that fails there: its ID, its name, or a part of them"
    )
    why.add_argument(
        "--from",
        dest="results",
        type=a_path,
        default=Path("anyunix-out"),
        metavar="DIR",
        help="the folder of a run, or its matrix.json (default: %(default)s)",
    )
    why.add_argument(
        "--subject", default="", metavar="FILE", help="the subject's file, where it is none of the project's"
    )
    why.add_argument("--reference", default="", metavar="FILE", help="the file of the run's reference, likewise")
    why.add_argument(
        "--experiment-seconds",
        type=count,
        default=EXPERIMENT_SECONDS,
        metavar="N",
        help="time for the experiment (default: %(default)s)",
    )
    add_probes(why)
    why.set_defaults(command=why_command)


def why_command(arguments: argparse.Namespace) -> int:
    """Print the cause; the exit status. Raises ConfigurationError."""
    question = Question(
        arguments.results,
        arguments.cell,
        arguments.probe,
        arguments.subject,
        arguments.reference,
        float(arguments.experiment_seconds),
    )
    console = console_for_reports()
    with with_probes(find_catalog(), arguments.probes) as catalog, watcher_on(console) as watcher:
        matrix = with_cause(read_matrix(question.results), question, catalog, watcher=watcher)
    cell, probe = asked_of(matrix, question)
    print_why(console, matrix, cell, probe)
    return EXIT_DONE if probe.cause and probe.cause.found else EXIT_FAILED
