"""The options that say on whose workers cells run, of all commands that run cells."""

import argparse
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from anyunix.commands.common import a_path
from anyunix.errors import ConfigurationError
from anyunix.host.scratch import scratch
from anyunix.run.matrix import NOBODY
from anyunix.run.pool import LocalPool, Pool

INSTALL = "pip install 'anyunix[cluster]'"


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add --cluster and --cluster-key."""
    parser.add_argument(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="run cells on the workers of a Dask scheduler, tcp://name:8786, which `anyunix worker ADDRESS` starts; "
        "local:4 starts a scheduler and four workers here, for this run",
    )
    parser.add_argument(
        "--cluster-key",
        type=a_path,
        metavar="FILE",
        help="the key that this client and its workers share: without it workers run only what came with anyunix",
    )


@contextmanager
def pool_of(
    arguments: argparse.Namespace, here: Callable[[], LocalPool], tell: Callable[[str, str], None] = NOBODY.works
) -> Iterator[Pool]:
    """The pool that was asked for: the cluster's, which tells who comes and goes, or the one that `here` makes.

    Raises ConfigurationError, PlatformError.
    """
    if not arguments.cluster:
        if arguments.cluster_key:
            raise ConfigurationError("--cluster-key: only with --cluster, whose workers it is shown to")
        with here() as own:
            yield own
        return
    try:
        from anyunix.cluster.cluster_pool import ClusterPool
        from anyunix.cluster.dask_connection import DaskConnection
        from anyunix.cluster.shared_key import read_key
    except ImportError as error:
        raise ConfigurationError(f"--cluster: {error}: {INSTALL}") from None
    with scratch() as folder:
        file = arguments.cluster_key
        if arguments.cluster.startswith("local:") and file is None:  # its workers are ours, and nobody else's
            file = folder / "key"
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(32))
        key = read_key(file) if file else b""
        with (
            DaskConnection(arguments.cluster, str(file or "")) as connection,
            ClusterPool(connection, key, tell=tell) as pool,
        ):
            yield pool
