"""Runs pytest many times, each time for another subject: a turn is a process that is forked once pytest is loaded.

    python3 run_turns.py TURNS.json RESULTS [NUMBER…]

The turns with these numbers are left out. The file holds `side_by_side` and `turns`, a list of the fields of `Turn`.
RESULTS gets a line of JSON, the fields of `Ended`, for each turn that ends; stdout gets `{"turn": NUMBER}` then.

A turn leads a session of its own, with a folder of its own as HOME and TMPDIR. When it ends, or its time is over, all
that it started is ended as supervise.py does it, and nothing that another one started.
"""

import importlib
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from _pytest.config import default_plugins
from supervise import TAG, Forks, carry, marked_as

from support.cpus import crowded
from support.subject import SUBJECT_VARIABLE

LOOK_SECONDS = 0.02
"""Between two looks at who has ended: no call waits for several children until a point in time, everywhere."""
CROWDED_SECONDS = 5.0
"""How long a turn waits for others, on this machine, to want its CPUs less."""
JUNIT_LIMIT, SAID_LIMIT = 512 * 1024, 64 * 1024
"""Bytes of one turn's that are handed on: all of the JUnit file, or none; the end of what was said."""
CRASHED = 70
"""The exit status of a turn that broke outside of pytest; pytest's own go up to 5."""


@dataclass(frozen=True)
class Turn:
    """One run of pytest."""

    number: int
    subject: str
    """The file that describes it, relative to the work folder."""
    arguments: list[str]
    environment: dict[str, str]
    seconds: float


@dataclass(frozen=True)
class Ended:
    """What came of it."""

    turn: int
    status: int
    """pytest's exit status, or 128 and the number of the signal that ended it."""
    timed_out: bool
    junit: str
    """Empty where none was written, or too large a one."""
    said: str
    seconds: float
    left_behind: list[str]
    """Processes that outlived it: `pid 7 nginx`. They were ended."""


class Part:
    """The share that one turn has in the tag and the mark of this command (see supervise.py)."""

    def __init__(self, number: int) -> None:
        tag, mark = os.environ.get(TAG, ""), marked_as(os.getpid())
        self._tag, self._mark = tag and f"{tag}.{number}", mark and mark + 1 + number  # the mark itself is the whole's
        self.forks = Forks(self._tag, str(self._mark or ""), marks=1)

    def join(self) -> None:
        """This process, and all that it starts, is the turn's."""
        if self._tag:
            os.environ[TAG] = self._tag
        if self._mark:
            carry(self._mark)


class Running:
    """A turn that has begun."""

    def __init__(self, turn: Turn, top: Path) -> None:
        self.turn, self._folder = turn, top / f"turn-{turn.number}"
        self._folder.mkdir()
        self._part, self._begun = Part(turn.number), time.monotonic()
        self._pid = os.fork()
        if self._pid == 0:
            take(turn, self._folder, self._part)

    def ended(self) -> Ended | None:
        """What came of it once it has ended, or its time is over; its folder and its processes are gone then."""
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        seconds = time.monotonic() - self._begun
        timed_out = not pid and seconds > self.turn.seconds
        if not pid and not timed_out:
            return None
        left = [] if timed_out else self._part.forks.left_behind()
        self._part.forks.end(self._pid)
        if not pid:
            _, status = os.waitpid(self._pid, 0)
        junit = read(self._folder / "junit.xml", JUNIT_LIMIT + 1)
        ended = Ended(
            self.turn.number,
            128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            timed_out,
            junit if len(junit) <= JUNIT_LIMIT else "",
            read(self._folder / "said.txt", SAID_LIMIT),
            seconds,
            left,
        )
        shutil.rmtree(self._folder, ignore_errors=True)
        return ended


def main(arguments: list[str]) -> None:
    order, results, left_out = json.loads(Path(arguments[0]).read_text()), Path(arguments[1]), set(arguments[2:])
    waiting = deque(Turn(**each) for each in order["turns"] if str(each["number"]) not in left_out)
    running: list[Running] = []
    latest = 0.0
    load()
    with results.open("w") as file:
        while waiting or running:
            if waiting and len(running) < order["side_by_side"] and (time.monotonic() > latest or not crowded(1)):
                running.append(Running(waiting.popleft(), results.absolute().parent))
                latest = time.monotonic() + CROWDED_SECONDS
            for each in list(running):
                if ended := each.ended():
                    running.remove(each)
                    file.write(json.dumps(asdict(ended)) + "\n")
                    file.flush()
                    print(json.dumps({"turn": ended.turn}), flush=True)
            time.sleep(LOOK_SECONDS)


def load() -> None:
    """Import what every turn needs. Nothing of it is called: what it measures, each turn measures anew."""
    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    for path in (Path(__file__).parent / "support").glob("[!_]*.py"):
        with suppress(ImportError):  # of an optional part of Python, such as ssl: who needs it says so
            importlib.import_module(f"support.{path.stem}")


def take(turn: Turn, folder: Path, part: Part) -> NoReturn:
    """The whole life of a turn's process."""
    status = CRASHED
    try:
        os.setsid()
        said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT, 0o644)
        for descriptor in (1, 2):
            os.dup2(said, descriptor)
        os.close(said)
        part.join()
        os.environ.update({"HOME": str(folder), "TMPDIR": str(folder), **turn.environment})
        os.environ[SUBJECT_VARIABLE] = os.path.abspath(turn.subject)
        tempfile.tempdir = None
        status = int(pytest.main([*turn.arguments, f"--junitxml={folder / 'junit.xml'}"]))
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


def read(path: Path, limit: int) -> str:
    """The last `limit` bytes of a file, as text; nothing of one that is not there."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - limit))
            return file.read(limit).decode(errors="replace")
    except OSError:
        return ""


if __name__ == "__main__":
    main(sys.argv[1:])
