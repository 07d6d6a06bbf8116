"""`anyunix plan`: the cells of a run as a CI system's matrix, in shards of about the same length."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path, add_probes, count
from anyunix.commands.selection_options import add_selection, choice_of
from anyunix.errors import EXIT_DONE, ConfigurationError
from anyunix.host.whole_file import write_whole
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import CellId
from anyunix.run import select
from anyunix.run.cell_times import cell_times_file, read_cell_times
from anyunix.run.own_probes import with_probes
from anyunix.shards.formats import FORMATS
from anyunix.shards.planning import plan_of, times_of


def add_arguments(plan: argparse.ArgumentParser) -> None:
    """Add the options of `plan`."""
    plan.epilog = "Exit status: 0 printed, 2 usage or configuration error."
    add_selection(plan)
    add_probes(plan)
    plan.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="json",
        help="json, for merge --plan; github, a line for strategy.matrix; gitlab, a child pipeline "
        "(default: %(default)s)",
    )
    plan.add_argument("--shards", type=count, metavar="N", help="how many (default: one per cell)")
    plan.add_argument(
        "--times",
        type=a_path,
        metavar="OLD",
        help="an earlier run's folder or matrix.json: shards are balanced by how long cells took there (default: by "
        "what they took on this machine)",
    )
    plan.add_argument("--out", type=a_path, metavar="FILE", help="where the plan goes (default: it is printed)")
    plan.add_argument(
        "--results",
        type=a_path,
        default=Path("anyunix-out"),
        metavar="DIR",
        help="where the shards put their results, a folder each (default: %(default)s)",
    )
    plan.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="more for each command, for example --option=--timeout=600; repeatable",
    )
    plan.add_argument("-k", dest="expression", default="", metavar="EXPR", help="only probes that match, as in pytest")
    plan.set_defaults(command=plan_command, data=True)


def plan_command(arguments: argparse.Namespace) -> int:
    """Print the plan; the exit status. Raises ConfigurationError."""
    choice = choice_of(arguments)
    more = [*(["-k", arguments.expression] if arguments.expression else []), *_own_probes(arguments)]
    with with_probes(find_catalog(), arguments.probes) as catalog:
        plan = plan_of(
            choice,
            select(choice, catalog),
            count=arguments.shards,
            times=_times(arguments),
            out=arguments.results,
            options=(*arguments.option, *more),
        )
    text = FORMATS[arguments.format](plan)
    if arguments.out is None:
        sys.stdout.write(text)
        return EXIT_DONE
    try:
        write_whole(arguments.out, text.encode())
    except OSError as error:
        raise ConfigurationError(f"--out {arguments.out}: cannot be written: {error.strerror}") from None
    print(f"{arguments.out}: {len(plan.cells)} cells in {len(plan.shards)} shards")
    return EXIT_DONE


def _times(arguments: argparse.Namespace) -> Mapping[CellId, float]:
    """Raises ConfigurationError."""
    return times_of(read_matrix(arguments.times)) if arguments.times else read_cell_times(cell_times_file())


def _own_probes(arguments: argparse.Namespace) -> list[str]:
    """As every shard's command names them."""
    return [word for folder in arguments.probes for word in ("--probes", folder)]
