"""Where cells run, this machine or a cluster's workers, and the journal of what came of them."""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from anyunix.catalog.platforms import Platform
from anyunix.commands.cluster_options import INSTALL
from anyunix.drivers.base import Driver
from anyunix.errors import ConfigurationError
from anyunix.host.scratch import scratch
from anyunix.results.model import CellId
from anyunix.run.cell_times import cell_times_file, read_cell_times
from anyunix.run.journaled_pool import JournaledPool
from anyunix.run.matrix import NOBODY
from anyunix.run.pool import LocalPool, Pool
from anyunix.run.run_journal import RunJournal, begin_run, resume_run
from anyunix.text import safe

T = TypeVar("T")
Tell = Callable[[str, str], None]
"""Who is told a worker's name, and what became of it."""


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Add --resume."""
    parser.add_argument(
        "--resume",
        action="store_true",
        help="run only what an earlier run into the same folder did not come to, or what broke or did not run in it; "
        "what was changed since runs again",
    )


RUN_THERE = (
    "run cells on the workers of a Dask scheduler, tcp://name:8786, which `anyunix worker ADDRESS` starts; "
    "local:4 starts a scheduler and four workers here, for this run"
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
    tell: Tell = NOBODY.works,
) -> Iterator[JournaledPool]:
    """Where the cells run, entered, with the journal in --out. Raises ConfigurationError, PlatformError."""
    journal = journal_of(arguments, suite)
    times = read_cell_times(cell_times_file())
    with machines_of(arguments, lambda: LocalPool(jobs, make_driver, times=times), times, tell) as pool:
        yield JournaledPool(pool, journal, environment)


@contextmanager
def machines_of(
    arguments: argparse.Namespace,
    here: Callable[[], AbstractContextManager[T]],
    times: Mapping[CellId, float] | None = None,
    tell: Tell = NOBODY.works,
) -> Iterator[Pool | T]:
    """The cluster that was asked for, else what `here` makes, entered. Raises ConfigurationError, PlatformError."""
    if arguments.cluster:
        with _cluster(arguments.cluster, arguments.cluster_key, times or {}, tell) as cluster:
            yield cluster
        return
    if arguments.cluster_key:
        raise ConfigurationError("--cluster-key: only with --cluster, whose workers it is shown to")
    with here() as own:
        yield own


@contextmanager
def _cluster(address: str, key_file: Path | None, times: Mapping[CellId, float], tell: Tell) -> Iterator[Pool]:
    try:
        from anyunix.cluster.cluster_pool import ClusterPool
        from anyunix.cluster.dask_connection import DaskConnection
        from anyunix.cluster.shared_key import read_key
    except ImportError as error:
        raise ConfigurationError(f"--cluster: {error}: {INSTALL}") from None
    with scratch() as folder:
        if address.startswith("local:") and key_file is None:  # its workers are ours, and nobody else's
            key_file = folder / "key"
            key_file.touch(mode=0o600)
            key_file.write_text(secrets.token_hex(32))
        key = read_key(key_file) if key_file else b""
        with (
            DaskConnection(address, str(key_file or "")) as connection,
            ClusterPool(connection, key, times=times, tell=tell) as pool,
        ):
            yield pool
