"""The options that name a cluster, of all commands that use one. What runs anything is imported when it is asked for."""

import argparse
from typing import Any

from anyunix.catalog.lookup import Catalog
from anyunix.commands.common import a_path
from anyunix.errors import ConfigurationError

INSTALL = "pip install 'anyunix[cluster]'"


def add_cluster(parser: argparse.ArgumentParser, what: str = RUN_THERE) -> None:
    """Add --cluster, which is for `what`, and --cluster-key."""
    parser.add_argument("--cluster", default="", metavar="ADDRESS", help=what)
    parser.add_argument(
        "--cluster-key",
        type=a_path,
        metavar="FILE",
        help="the key that this client and its workers share: without it workers run only what came with anyunix",
    )


def workers_of(arguments: argparse.Namespace, catalog: Catalog) -> list[dict[str, Any]]:
    """The workers of --cluster, as plain data. Raises ConfigurationError, PlatformError."""
    try:
        from anyunix.cluster.shared_key import read_key
        from anyunix.cluster.worker_list import list_workers
    except ImportError as error:
        raise ConfigurationError(f"--cluster: {error}: {INSTALL}") from None
    key = read_key(arguments.cluster_key) if arguments.cluster_key else b""
    return list_workers(arguments.cluster, key, catalog)
