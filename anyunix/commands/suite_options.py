"""The options that say how the suite runs in a cell, of `run` and `preflight`."""

import argparse
from pathlib import Path

from anyunix.commands.common import a_path, add_slowness, count
from anyunix.run.cell import SUITE_SECONDS


def add_suite_options(parser: argparse.ArgumentParser, out: Path) -> None:
    """Add --out, --timeout, --slowness, --workers and -k, which say how the suite runs in a cell and where to."""
    parser.add_argument(
        "--out", type=a_path, default=out, metavar="DIR", help="where the results go (default: %(default)s)"
    )
    parser.add_argument(
        "--timeout",
        type=count,
        default=int(SUITE_SECONDS),
        metavar="SECONDS",
        help="for the suite in one cell (default: %(default)s)",
    )
    add_slowness(parser)
    parser.add_argument(
        "--workers",
        type=count,
        default=0,
        metavar="N",
        help="probes side by side in a cell (default: by the CPUs there); 1 runs them one after the other",
    )
    parser.add_argument(
        "-k", dest="expression", default="", metavar="EXPR", help="only probes that match, as in pytest"
    )
