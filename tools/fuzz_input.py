"""Hands mutated files to the real commands: no traceback, no other exit status than the documented, nothing slow.

    python tools/fuzz_input.py --runs 1000 --seed 7

Exit status: 0 nothing found, 1 something was: each is printed with its file, kept below --keep, and its command.
"""

import argparse
import contextlib
import io
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.cli import main as anyunix
from anyunix.errors import ConfigurationError
from anyunix.mutation.faults import read_faults
from anyunix.results.matrix_file import encode
from mutations import mutate
from sample_matrix import CONTRACT, sample

SECONDS = 10.0
"""For one command."""
MEMORY = 4 * 1024**3
"""Bytes of address space: what takes more is a finding."""
SAID_LIMIT = 2_000_000
"""Characters that one command may print."""
SHOWN = 5
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""As in anyunix/text.py: what may reach no terminal."""


class TooSlow(BaseException):
    """No command catches it."""


@dataclass(frozen=True)
class Case:
    """A command, the file of it that is mutated, and the exit statuses that its help names."""

    what: str
    source: Path
    place: str
    command: tuple[str, ...]
    statuses: tuple[int, ...]


@dataclass(frozen=True)
class Finding:
    """What went wrong, and with what."""

    number: int
    case: Case
    how: str
    said: str


def main(argv: Sequence[str] | None = None) -> int:
    """Run the cases; the exit status."""
    arguments = _arguments(argv)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.environ["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    signal.signal(signal.SIGALRM, _too_slow)
    print(f"seed {arguments.seed}, {arguments.runs} runs", flush=True)
    counts: Counter[str] = Counter()
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="anyunix-fuzz-") as name:
        samples = Path(name) / "samples"
        cases = list(_cases(find_catalog(), samples))
        for number in range(arguments.runs):
            random = Random(f"{arguments.seed}/{number}")
            case = random.choice(cases)
            how, status, said = _run(case, Path(name) / "case", samples, random)
            counts[f"{case.what}: {status}"] += 1
            if said:
                findings.append(Finding(number, case, how, said))
                shutil.copytree(
                    Path(name) / "case",
                    arguments.keep / str(number),
                    symlinks=True,
                    dirs_exist_ok=True,
                    ignore=lambda at, names: [n for n in names if (Path(at) / n).is_fifo()],
                )
    for what, count in sorted(counts.items()):
        print(f"{count:6} {what}")
    for found in findings[:SHOWN]:
        print(
            f"\nrun {found.number}: anyunix {' '.join(found.case.command)} ({found.case.what}, {found.how}; "
            f"kept in {arguments.keep / str(found.number)})\n{found.said[-3_000:]}"
        )
    print(f"{len(findings)} findings in {arguments.runs} runs")
    return 1 if findings else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", default=str(time.time_ns()), help="the same seed gives the same files")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="where findings go")
    return parser.parse_args(argv)


def _cases(catalog: Catalog, samples: Path) -> Iterator[Case]:
    """Every command with every kind of file that it reads; `plan` and `run` only as far as to load them."""
    (samples / "out").mkdir(parents=True)
    (samples / "out" / "matrix.json").write_bytes(encode(sample()))
    (samples / "expectations").mkdir()
    expected = samples / "expectations" / "python.yaml"
    expected.write_text(
        f'debian:\n  {CONTRACT}:\n    # why\n    reason: "known :: x"\n    link: https://x.org/1\n'
        "    until: 2999-01-31\n    bind: [first]\nalpine:\n"
    )
    for path in sorted((catalog.root / "platforms").glob("*.yaml")):
        yield Case("platform", path, "x.yaml", ("plan", "--subject", "python", "--platform", "./x.yaml"), (0, 2))
    for path in sorted((catalog.root / "chat").glob("*.yaml")) * 3:
        yield Case("subject", path, "x.yaml", ("plan", "--subject", "./x.yaml", "--platform", "local"), (0, 2))
    for path in sorted((catalog.root / "chat" / "faults").glob("*.yaml"))[::6]:
        yield Case("fault", path, f"chat/faults/{path.name}", ("read_faults",), (0, 2))
    loads = ("run", "--subject", "python", "--platform", "local", "--baseline", "nowhere")
    matrix = samples / "out" / "matrix.json"
    for command, statuses in (
        (loads, (2,)),
        (("accept", "out", "--expectations", "expectations"), (0, 1, 2)),
        (("merge", "out", "--expectations", "expectations", "--out", "merged"), (0, 1, 2, 3)),
    ):
        for _ in range(3):
            yield Case("expectations", expected, "expectations/python.yaml", command, statuses)
    reading: tuple[tuple[str, tuple[int, ...]], ...] = (
        ("report out", (0, 2)),
        ("diff out old", (0, 1, 2)),
        ("diff old out", (0, 1, 2)),
        ("merge out --out merged", (0, 1, 2, 3)),
        ("merge out old --out merged", (0, 1, 2, 3)),
        ("accept out", (0, 1, 2)),
        ("facts --out out", (0, 2)),
        ("facts --diff --out out", (0, 2)),
        ("plan --platform local --times out", (0, 2)),
    )
    for words, codes in reading:
        for _ in range(4):
            yield Case("matrix", matrix, "out/matrix.json", tuple(words.split()), codes)


def _run(case: Case, folder: Path, samples: Path, random: Random) -> tuple[str, object, str]:
    """How the file was mutated, the exit status, and what is wrong with that: empty for nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(samples, folder)
    shutil.copytree(samples / "out", folder / "old")
    file = folder / case.place
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(case.source, file)
    if case.what == "subject":
        for source in case.source.parent.iterdir():
            if source.is_dir():
                shutil.copytree(source, folder / source.name)
    how = mutate(file, random)
    before = set(folder.rglob("*"))
    started = time.monotonic()
    status, said, wrong = _called(case, folder)
    seconds = time.monotonic() - started
    left = [path.name for path in set(folder.rglob("*")) - before if path.name.startswith(".")]
    checks = (
        (seconds > SECONDS, f"{seconds:.0f} s"),
        (status not in case.statuses, f"exit status {status}\n{said}"),
        ("Traceback" in said, said),
        (bool(UNSAFE.search(said)), f"control characters: {said!r}"),
        (len(said) > SAID_LIMIT, f"{len(said)} characters are printed"),
        (bool(left), f"left behind: {left}"),
    )
    return how, status, wrong or next((why for bad, why in checks if bad), "")


def _called(case: Case, folder: Path) -> tuple[object, str, str]:
    """The exit status, what was printed, and what was raised."""
    output = io.BytesIO()
    printed = io.TextIOWrapper(output, encoding="utf-8", write_through=True)
    status: object = "raised"
    wrong = ""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    with _chdir(folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            status = _faults(folder) if case.what == "fault" else anyunix(case.command)
        except SystemExit as ended:
            status = ended.code
        except TooSlow:
            wrong = f"not done within {SECONDS:g} s\n{traceback.format_exc()}"
        except BaseException:  # whatever it is, it is a finding
            wrong = traceback.format_exc()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return status, output.getvalue().decode(), wrong


def _faults(folder: Path) -> int:
    """Deliberate faults are read from a catalog, which no command takes: the function, then."""
    root = find_catalog().root
    for name in ("platforms", "suite", "Dockerfiles"):
        (folder / name).symlink_to(root / name)
    for path in (root / "chat").iterdir():
        if path.name != "faults":
            (folder / "chat" / path.name).symlink_to(path)
    try:
        read_faults(Catalog(folder))
    except ConfigurationError as error:
        print(f"anyunix: {error}")
        return 2
    return 0


@contextlib.contextmanager
def _chdir(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlow


if __name__ == "__main__":
    sys.exit(main())
