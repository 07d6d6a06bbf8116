"""`anyunix worker`: this machine runs cells for whoever uses a cluster's scheduler."""

import argparse
import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.cluster_options import INSTALL
from anyunix.commands.common import a_path, count, once
from anyunix.errors import ConfigurationError
from anyunix.text import nearest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `worker`."""
    parser.epilog = (
        "Ends with Ctrl-C, after its platforms are down. Exit status: Dask's; 2 usage or configuration error."
    )
    parser.add_argument(
        "address", metavar="ADDRESS", help="the scheduler's: tcp://name:8786 (`dask scheduler` starts one)"
    )
    parser.add_argument(
        "--jobs",
        type=count,
        default=os.cpu_count() or 1,
        metavar="N",
        help="cells side by side (default: one per core, here %(default)s)",
    )
    parser.add_argument("--name", default="", help="what reports call it (default: its machine's name, and a number)")
    parser.add_argument(
        "--as",
        action="append",
        default=[],
        dest="stands_for",
        metavar="PLATFORM",
        help="this machine is that platform by itself, such as freebsd: its cells run right here; repeatable",
    )
    parser.add_argument(
        "--key",
        type=a_path,
        metavar="FILE",
        help="the key that clients share with this worker: who shows it may have it run other subjects, platform files "
        "and probes than those that came with anyunix",
    )
    parser.add_argument(
        "--dask",
        default="",
        metavar="OPTIONS",
        help="for `dask worker`, which this becomes: --dask='--tls-ca-file ca.pem --tls-cert me.pem --tls-key me.key'",
    )
    parser.set_defaults(command=worker_command)


def worker_command(arguments: argparse.Namespace) -> int:
    """Become a Dask worker. Raises ConfigurationError."""
    if find_spec("distributed") is None:
        raise ConfigurationError(f"worker: Dask's distributed is not installed: {INSTALL}")
    from anyunix.cluster.dask_connection import ADDRESS, PRELOAD
    from anyunix.cluster.shared_key import VARIABLE, read_key
    from anyunix.cluster.worker_description import STANDS_FOR

    if not ADDRESS.fullmatch(arguments.address):
        raise ConfigurationError(f"worker {arguments.address}: expected a scheduler's address, such as tcp://name:8786")
    known = find_catalog().platform_names()
    for name in once(arguments.stands_for):
        if name not in known:
            raise ConfigurationError(f"--as {name}: no platform is called that{nearest(name, known)}")
    environment = {**os.environ, STANDS_FOR: ",".join(once(arguments.stands_for))}
    if arguments.key:
        read_key(arguments.key)  # what is wrong with it is said now
        environment[VARIABLE] = str(Path(arguments.key).resolve())
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        arguments.address,
        "--preload",
        PRELOAD,
        "--nthreads",
        str(arguments.jobs),
        *(["--name", arguments.name] if arguments.name else []),
        *_words(arguments.dask),
    ]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def _words(options: str) -> list[str]:
    """Raises ConfigurationError."""
    try:
        return shlex.split(options)
    except ValueError as error:
        raise ConfigurationError(f"--dask {options!r}: {error}") from None
