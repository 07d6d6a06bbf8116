"""`anyunix plan`: the cells of a run as a CI system's matrix, in shards of about the same length."""

import argparse
import sys
from pathlib import Path

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path, count, once
from anyunix.errors import EXIT_DONE, ConfigurationError
from anyunix.report.out_folder import write_whole
from anyunix.results.matrix_file import read_matrix
from anyunix.run.identity import identity_of
from anyunix.run.selection import add_selection, select
from anyunix.shards.formats import FORMATS
from anyunix.shards.planning import PlannedCell, Wish, make_plan, times_of


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `plan` and its options."""
    plan = commands.add_parser(
        "plan",
        help="print the cells of a run as a CI matrix, each shard with the command that runs it alone",
        epilog="Exit status: 0 printed, 2 usage or configuration error.",
    )
    add_selection(plan)
    plan.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="json",
        help="json, for merge --plan; github, a line for strategy.matrix; gitlab, a child pipeline "
        "(default: %(default)s)",
    )
    plan.add_argument("--shards", type=count, metavar="N", help="how many (default: one a cell)")
    plan.add_argument(
        "--times",
        type=a_path,
        metavar="OLD",
        help="an earlier run's folder or matrix.json: shards are balanced by how long cells took there",
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
    catalog = find_catalog()
    selection = select(catalog, arguments)
    subjects = {catalog.subject(asked).name: asked for asked in once(arguments.subject or catalog.subject_names())}
    platforms = {platform.name: platform.name for platform in selection.platforms}
    asked_for = once([*arguments.platform, *arguments.require, *arguments.optional])
    platforms |= {catalog.platform(asked).name: asked for asked in asked_for}
    cells = [
        PlannedCell(
            cell.subject.name,
            cell.platform.name,
            cell.bind,
            (subjects[cell.subject.name], platforms[cell.platform.name], cell.bind),
        )
        for cell in selection.cells
        if cell.platform.driver != "documented"
    ]
    if not cells:
        raise ConfigurationError("no cell to plan: these platforms are known from their manuals only")
    options = [*arguments.option, *(["-k", arguments.expression] if arguments.expression else [])]
    wish = Wish(
        arguments.results,
        tuple(options),
        arguments.reference or "",
        {name: platforms[name] for name in selection.required},
    )
    plan = make_plan(
        cells,
        arguments.shards or len(cells),
        times_of(read_matrix(arguments.times)) if arguments.times else {},
        identity_of(catalog.suite, selection.subjects),
        wish,
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
