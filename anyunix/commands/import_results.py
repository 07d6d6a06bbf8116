"""`anyunix import`: JUnit files of any test suite, of several platforms, compared as a run is."""

import argparse
import os
from pathlib import Path

from anyunix.analysis.changes import changes
from anyunix.analysis.verdict import exit_status
from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path, check_writable, console_for_reports, once, with_problems
from anyunix.errors import ConfigurationError
from anyunix.report import github
from anyunix.report.change_lines import print_changes
from anyunix.report.out_folder import OutFolder
from anyunix.report.terminal import print_overall, print_report
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import PART_OF_A_NAME
from anyunix.run.identity import check_comparable
from anyunix.run.imported import PlatformFiles, earlier_import, matrix_of, read_sources
from anyunix.run.pipeline import judged
from anyunix.shards.merging import expectations_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `import`."""
    parser.description = (
        "Reads what pytest, googletest, go-junit-report, jest, Surefire and others write, a file or a folder of files "
        "for each platform. A test that fails on all platforms is a broken promise, on some a platform difference; one "
        "that is missing was not tried."
    )
    parser.epilog = (
        "Either all platforms at once, `anyunix import --platform debian=a.xml --platform alpine=b.xml`, or one after "
        "the other into the same folder, `anyunix import a.xml --platform debian`, which adds to what is there. Exit "
        "status: as for run; 3 also when the file of a platform is not there, or is not whole."
    )
    parser.add_argument(
        "files", nargs="*", type=a_path, metavar="FILE", help="JUnit files, or folders of them, of one platform"
    )
    parser.add_argument(
        "--platform",
        action="append",
        required=True,
        metavar="NAME[=FILE]",
        help="where the tests ran: any name; with a file, or a folder of files, repeatable",
    )
    parser.add_argument("--subject", default="", metavar="NAME", help="what is tested (default: the suite's name)")
    parser.add_argument(
        "--reference", default="", metavar="NAME", help="the platform to compare with (default: debian, else the first)"
    )
    parser.add_argument(
        "--require", action="append", default=[], metavar="NAME", help="a platform that has to be there; repeatable"
    )
    parser.add_argument(
        "--expectations",
        type=a_path,
        metavar="DIR",
        help="where accepted failures are listed, a <subject>.yaml each (default: ./expectations)",
    )
    parser.add_argument(
        "--baseline",
        type=a_path,
        metavar="OLD",
        help="an earlier import's folder or matrix.json: print what changed since",
    )
    parser.add_argument(
        "--out",
        type=a_path,
        default=Path("anyunix-out"),
        metavar="DIR",
        help="where the results go (default: %(default)s)",
    )
    parser.set_defaults(command=import_command)


def import_command(arguments: argparse.Namespace) -> int:
    """Read, compare, judge; the exit status. Raises ConfigurationError."""
    sources = _sources(arguments)
    there = earlier_import(arguments.out)
    before = there if arguments.files else None
    imported = read_sources(sources, arguments.subject, before)
    matrix = matrix_of(imported, before, arguments.reference, once(arguments.require))
    baseline = read_matrix(arguments.baseline) if arguments.baseline else None
    if baseline is not None:
        check_comparable((str(arguments.baseline), baseline.identity), ("these files", matrix.identity))
    expectations = expectations_of(matrix, arguments.expectations)
    check_writable(arguments.out)
    out, console = OutFolder(arguments.out), console_for_reports()
    matrix = judged(matrix, find_catalog(), expectations, baseline)
    for each in imported:
        out.keep(each.result, each.artifacts)
    out.write(matrix)
    print_report(console, matrix, str(arguments.out))
    if baseline is not None:
        print_changes(console, changes(baseline, matrix), str(arguments.baseline))
    arguments.workflow.tell(github.report(matrix, os.environ))
    print_overall(console, matrix)
    return with_problems(out.problems, exit_status(matrix))


def _sources(arguments: argparse.Namespace) -> list[PlatformFiles]:
    """Raises ConfigurationError."""
    found: dict[str, list[Path]] = {}
    for text in arguments.platform:
        name, equals, file = text.partition("=")
        if not PART_OF_A_NAME.fullmatch(name) or (equals and not file):
            raise ConfigurationError(f"--platform {text}: expected NAME or NAME=FILE, a name without /")
        if equals and arguments.files:
            raise ConfigurationError(
                f"--platform {text}: name every platform's file that way, {arguments.files[0]} too, or import one "
                "platform after the other: anyunix import FILE --platform NAME"
            )
        if not equals and not arguments.files:
            raise ConfigurationError(f"--platform {name}: which file? --platform {name}=junit.xml")
        found.setdefault(name, []).extend([Path(file)] if equals else arguments.files)
    if arguments.files and len(found) > 1:
        raise ConfigurationError(
            f"{arguments.files[0]}: of which platform? Name a file for each: "
            + " ".join(f"--platform {name}=FILE" for name in found)
        )
    return [PlatformFiles(name, tuple(paths)) for name, paths in found.items()]
