"""Which probes a run has to bring back: those that the suite collects here, with the pytest that travels."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import distribution
from itertools import dropwhile, takewhile
from pathlib import Path

from anyunix.catalog.probes import read_probes
from anyunix.errors import ConfigurationError
from anyunix.payload.archive import DISTRIBUTIONS
from anyunix.text import safe

COLLECT_SECONDS = 120.0
NAMED = 3
"""Probes that a reason names; the others are counted."""
AUTOLOAD_OFF = "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1"
PYTEST = ("-S", "-m", "pytest", "-p", "pytest_timeout", "--color=no")
"""For python3: pytest with its own plugin and no other, and nothing from the site-packages of wherever it runs."""
COLLECTED, USAGE, NOTHING = 0, 4, 5
"""pytest's exit statuses for a collection."""


class Plans:
    """What a suite collects for an expression of -k, found out once, beside whatever else goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[Path, str], Future[tuple[str, ...]]] = {}
        self._sizes: dict[Path, int] = {}
        self._facts: dict[Path, frozenset[str]] = {}
        self._pool = ThreadPoolExecutor(max_workers=1)

    def begin(self, suite: Path, expression: str) -> "Future[tuple[str, ...]]":
        """The IDs of the probes, some tenths of a second from now. The result raises ConfigurationError."""
        with self._lock:
            if (suite, expression) not in self._found:
                self._found[suite, expression] = self._pool.submit(self._collect, suite, expression)
            return self._found[suite, expression]

    def _collect(self, suite: Path, expression: str) -> tuple[str, ...]:
        found, left_out = _collection(suite, expression)
        self._sizes[suite] = len(found) + left_out
        return found

    def size(self, suite: Path) -> int:
        """How many probes the suite has, whatever an expression leaves out. Raises ConfigurationError."""
        if suite not in self._sizes:
            self.begin(suite, "").result()
        return self._sizes[suite]

    def facts(self, suite: Path) -> frozenset[str]:
        """The IDs of the probes that measure facts, without parameters. Raises ConfigurationError."""
        with self._lock:
            if suite not in self._facts:
                self._facts[suite] = frozenset(probe.id for probe in read_probes(suite) if probe.kind == "fact")
            return self._facts[suite]


def collect(suite: Path, expression: str = "", kind: str = "") -> tuple[str, ...]:
    """The IDs of the suite's probes that match pytest's -k, in their order; of one kind, if one is given.

    Raises ConfigurationError.
    """
    return _collection(suite, expression, kind)[0]


def _collection(suite: Path, expression: str, kind: str = "") -> tuple[tuple[str, ...], int]:
    """Those that match, and how many do not."""
    name, _, value = AUTOLOAD_OFF.partition("=")
    site = dict.fromkeys(str(distribution(each).locate_file("")) for each in DISTRIBUTIONS)
    ours = ("PYTEST_", "PYTHON", "ANYUNIX_")
    environment = {key: text for key, text in os.environ.items() if not key.startswith(ours)}
    command = [
        sys.executable,
        "-B",
        *PYTEST,
        "--collect-only",
        "-q",
        "-x",
        "--assert=plain",
        f"--rootdir={suite}",
        "-c",
        str(suite / "pytest.ini"),
        *(["-k", expression] if expression else []),
        str(suite),
    ]
    try:
        done = subprocess.run(
            command,
            cwd=suite,
            env={
                **environment,
                "PYTHONPATH": os.pathsep.join(site),
                name: value,
                "ANYUNIX_KIND": kind,
                "COLUMNS": "500",  # pytest cuts what it says of an error to the width of a terminal
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COLLECT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"{suite}: its probes cannot be collected here: {error}") from None
    if done.returncode == USAGE and expression:
        raise ConfigurationError(f"-k {expression!r}: {why(done.stdout, done.stderr)}")
    if done.returncode not in (COLLECTED, NOTHING):
        raise ConfigurationError(f"{suite}: its probes cannot be collected here: {why(done.stdout, done.stderr)}")
    listed, _, summary = done.stdout.partition("\n\n")
    left_out = re.search(r"\((\d+) deselected\)", summary or listed)
    return tuple(line for line in listed.splitlines() if "::" in line), int(left_out[1]) if left_out else 0


def only(planned: Iterable[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Those that the IDs `wanted` choose, with all parameters where none are given; all when nothing is wanted."""
    chosen = set(wanted)
    return tuple(probe for probe in planned if not chosen or probe in chosen or probe.partition("[")[0] in chosen)


def deviation(planned: Iterable[str], brought: Iterable[str]) -> str:
    """What lacks in the probes that a platform brought, and what nobody planned; empty when they are the planned ones.

    pytest writes a probe twice whose clean-up failed as well, so how often one came says nothing.
    """
    wanted, came = dict.fromkeys(planned), dict.fromkeys(brought)
    if lacking := [probe for probe in wanted if probe not in came]:
        return f"{len(lacking)} of {len(wanted)} planned probes did not come back: {_named(lacking)}"
    if strange := [probe for probe in came if probe not in wanted]:
        return f"{len(strange)} probes came back that were not planned: {_named(strange)}"
    return ""


def why(stdout: str, stderr: str) -> str:
    """pytest's own words for a run that did not come to its end: the file that cannot be imported and the error."""
    said = [line.strip() for line in safe(stderr or stdout).splitlines() if line.strip()]
    errors = [line for line in safe(stdout).splitlines() if line.startswith(("ERROR ", "ERROR: "))]
    return " | ".join([*_first_error(safe(stdout)), *errors[:NAMED]] or said[-3:]) or "it said nothing"


def _first_error(stdout: str) -> list[str]:
    """The first and the last line of it: of a syntax error, where it is and what it is."""
    lines = dropwhile(lambda line: not line.startswith("E  "), stdout.splitlines())
    block = [line[1:].strip() for line in takewhile(lambda line: line.startswith("E  "), lines)]
    return list(dict.fromkeys([*block[:1], *block[-1:]]))


def _named(probes: Sequence[str]) -> str:
    more = f" and {len(probes) - NAMED} more" if len(probes) > NAMED else ""
    return ", ".join(safe(probe)[:200] for probe in probes[:NAMED]) + more
