"""`anyunix build`: a C subject built, on this machine, for systems that are not here."""

import argparse
import os
import sys
import time

from rich.text import Text

from anyunix.catalog.lookup import find_catalog
from anyunix.commands.common import a_path, check_writable, console_for_reports, count
from anyunix.cross.build_report import overall, print_builds
from anyunix.cross.every_target import TargetBuild, build_all, buildable
from anyunix.cross.targets import choose_targets
from anyunix.cross.zig import missing, zig_version
from anyunix.errors import EXIT_DONE, EXIT_FAILED, EXIT_NOT_RUN


def add_arguments(build: argparse.ArgumentParser) -> None:
    """Add the options of `build`."""
    build.epilog = (
        "Exit status: 0 built for all, 1 one failed, 2 usage or configuration error, "
        "3 the package ziglang or make is missing here."
    )
    build.add_argument(
        "--subject",
        default="c",
        metavar="NAME",
        help="a subject's name or file; its build has to honour CC (default: %(default)s)",
    )
    build.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="NAME",
        help="a target (x86_64-freebsd), a system (freebsd, linux-musl) or a CPU (s390x); repeatable (default: all)",
    )
    build.add_argument(
        "--jobs",
        type=count,
        default=os.cpu_count() or 1,
        metavar="N",
        help="builds side by side (default: one per core, here %(default)s)",
    )
    build.add_argument(
        "--werror",
        action="store_true",
        help="warnings are errors, as they always are for the project's own subjects; code of others may have some",
    )
    build.add_argument("--out", type=a_path, metavar="DIR", help="keep the programs in DIR/<target>/")
    build.set_defaults(command=build_command)


def build_command(arguments: argparse.Namespace) -> int:
    """Build, print what came of it; the exit status. Raises ConfigurationError."""
    catalog = find_catalog()
    subject, targets = buildable(catalog.subject(arguments.subject)), choose_targets(arguments.target)
    werror = arguments.werror or arguments.subject in catalog.subject_names()
    if arguments.out:
        check_writable(arguments.out)
    if reason := missing():
        print(f"anyunix: nothing can be built: {reason}", file=sys.stderr)
        return EXIT_NOT_RUN
    begun = time.monotonic()

    def done(built: TargetBuild) -> None:
        print(f"{built.target.name}: {'failed' if built.failure else 'built'}", file=sys.stderr, flush=True)

    results = build_all(subject, targets, jobs=arguments.jobs, out=arguments.out, done=done, werror=werror)
    console = console_for_reports()
    strict = ", warnings are errors" if werror else ""
    print_builds(console, results, f"{subject.title}, built by zig cc {zig_version()}{strict}")
    console.print(Text(overall(results, time.monotonic() - begun), "bold"), soft_wrap=True)
    return EXIT_FAILED if any(result.failure for result in results) else EXIT_DONE
