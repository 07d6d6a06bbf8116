"""Where cells run, and the journal of what came of them: of `run`, `preflight` and `mutation`."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from anyunix.catalog.platforms import Platform
from anyunix.drivers.base import Driver
from anyunix.run.cell_times import cell_times_file, read_cell_times
from anyunix.run.journaled_pool import JournaledPool
from anyunix.run.pool import LocalPool
from anyunix.run.run_journal import RunJournal, begin_run, resume_run
from anyunix.text import safe


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Add --resume."""
    parser.add_argument(
        "--resume",
        action="store_true",
        help="run only what an earlier run into the same folder did not come to, or what broke or did not run in it; "
        "what was changed since runs again",
    )


def journal_of(arguments: argparse.Namespace, suite: Path) -> RunJournal:
    """The one in --out, gone on with or begun anew. Raises ConfigurationError."""
    if not arguments.resume:
        return begin_run(arguments.out, suite)
    journal = resume_run(arguments.out, suite)
    found = (
        f"{len(journal)} results of the run begun {safe(journal.started)} are in {journal.path} and are not made again"
    )
    print(f"anyunix: {found if len(journal) else f'nothing to resume in {arguments.out}: all runs'}", file=sys.stderr)
    return journal


@contextmanager
def pool_of(
    arguments: argparse.Namespace,
    jobs: int,
    suite: Path,
    make_driver: Callable[[Platform], Driver] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[JournaledPool]:
    """Where the cells run, entered, with the journal in --out. Raises ConfigurationError."""
    journal = journal_of(arguments, suite)
    with LocalPool(jobs, make_driver, times=read_cell_times(cell_times_file())) as pool:
        yield JournaledPool(pool, journal, environment)
