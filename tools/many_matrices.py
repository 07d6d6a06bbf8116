"""The same matrix many times on a busy machine: do healthy servers stay green?

    python tools/many_matrices.py --runs 20 --busy 2 --out now
    python tools/many_matrices.py --runs 20 --busy 2 --out before --commit 1cd843a
    python tools/outcomes.py before now

Keeps DIR/NN/matrix.json of each run, and all of a run in which something failed. The busy loops are started and ended
here, also on Ctrl-C and SIGTERM. What follows `--` goes to `anyunix run` as it is.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from anyunix.errors import ConfigurationError
from anyunix.results.matrix_file import FILE, read_matrix
from anyunix.results.model import Matrix
from speeds.load import busy_loops
from speeds.supervision import TooLate, ends_on_sigterm, finish, last_words
from speeds.versions import CannotInstall, Version, clean_environment, earlier, present
from speeds.works import PLATFORMS

SHOWN = 10
"""Failed probes of a run that are named."""


def main() -> int:
    arguments = parsed()
    ends_on_sigterm()
    try:
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="matrices-")))
            commit = arguments.commit
            version = stack.enter_context(earlier(commit, place)) if commit else present(place)
            loops = stack.enter_context(busy_loops(arguments.busy))
            print(f"{arguments.runs} runs of {version.commit} beside {len(loops)} busy loops", flush=True)
            bad = sum(not clean(version, arguments, number) for number in range(1, arguments.runs + 1))
    except (CannotInstall, OSError) as error:
        print(f"many_matrices: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("many_matrices: interrupted", file=sys.stderr)
        return 130
    print(f"in {arguments.runs - bad} of {arguments.runs} runs everything ran, and nothing failed or was flaky")
    return 1 if bad else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n\n")[0],
        epilog="Exit status: 0 nothing failed in any run, 1 something did, 2 nothing could be run.",
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="a folder that is not there yet, or is empty")
    add("--runs", type=int, default=20, metavar="N", help="(default: %(default)s)")
    add("--busy", type=int, default=2, metavar="N", help="busy loops for each core (default: %(default)s)")
    add("--commit", default="", metavar="COMMIT", help="of this repository (default: this checkout as it is)")
    add("--platform", default=",".join(PLATFORMS), metavar="NAME,…", help="(default: %(default)s)")
    add("--subject", default="c,python", metavar="NAME,…", help="(default: %(default)s)")
    add("--limit", type=float, default=3600.0, metavar="SECONDS", help="for one run (default: %(default)g)")
    add("more", nargs="*", metavar="-- OPTION", help="for anyunix run: --bind first, -k EXPR, --jobs N")
    arguments = parser.parse_args()
    if arguments.out.exists() and any(arguments.out.iterdir()):
        parser.error(f"--out {arguments.out}: there is something in it already; older results would count as new ones")
    return arguments


def clean(version: Version, arguments: argparse.Namespace, number: int) -> bool:
    """Run it once, keep what counts and print a line: whether everything ran and nothing failed."""
    folder = (arguments.out / f"{number:02}").resolve()
    folder.mkdir(parents=True)
    results, kept = folder / "results", folder / FILE
    words = ["--platform", arguments.platform, "--subject", arguments.subject, "--out", str(results), *arguments.more]
    try:
        status, seconds = finish(
            version.command("run", *words), folder / "log", clean_environment(), arguments.limit
        )  # fmt: skip
        shutil.copyfile(results / FILE, kept)
        found = list(complaints(read_matrix(kept)))
    except (TooLate, OSError, ConfigurationError) as error:
        print(f"{number:3}: no results: {error}: {last_words(folder / 'log')}", flush=True)
        return False
    said = f"{len(found)} complaints" if found else "nothing failed"
    print(f"{number:3}: {seconds:.0f} s, exit status {status}, {said}", flush=True)
    for line in found[:SHOWN]:
        print(f"     {line}", flush=True)
    if not found:
        shutil.rmtree(results)
    return not found


def complaints(matrix: Matrix) -> Iterator[str]:
    """What did not run, failed or was flaky; a line each."""
    for cell in matrix.cells:
        if cell.status != "ran":
            yield f"{cell.name}: {cell.status}: {cell.reason}"
    places = [(each.name, getattr(each, "probes", ())) for each in matrix.platforms]  # where facts are the platform's
    for where, probes in (*places, *((cell.name, cell.probes) for cell in matrix.cells)):
        for probe in probes:
            if probe.bad:
                yield f"{where}: {probe.id} {probe.outcome}: {next(iter(probe.message.splitlines()), '')}"


if __name__ == "__main__":
    sys.exit(main())
