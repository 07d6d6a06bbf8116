"""Mutation testing from chosen faults to typed results: mutants made, run on every platform, and judged."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import measured_by
from anyunix.catalog.subjects import Subject
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError
from anyunix.host.scratch import scratch
from anyunix.mutation.counter import CellCounter
from anyunix.mutation.faults import Fault
from anyunix.mutation.findings import MutationResults
from anyunix.mutation.mutation_files import encode, render
from anyunix.mutation.scoring import Planned, judge, plan
from anyunix.report.out_folder import OutFolder
from anyunix.results.model import CellResult
from anyunix.run.cell import SUITE_SECONDS, SuiteOptions
from anyunix.run.kept import KeptPlatforms
from anyunix.run.matrix import run_cells
from anyunix.text import nearest


@dataclass(frozen=True)
class MutationOptions:
    """What is tested, and how."""

    faults: tuple[Fault, ...]
    subjects: tuple[Subject, ...]
    platforms: tuple[Platform, ...]
    required: tuple[str, ...]
    """Names of platforms that have to run."""
    jobs: int
    repeat: int


def choose_subjects(catalog: Catalog, faults: Sequence[Fault], wanted: Sequence[str]) -> tuple[Subject, ...]:
    """The named subjects that faults are written for; all of them without a name. Raises ConfigurationError."""
    known = catalog.subject_names()
    for name in wanted:
        if name not in known:
            raise ConfigurationError(
                f"--subject {name}: faults are written for {' and '.join(known)}{nearest(name, known)}"
            )
    chosen = [name for name in wanted or known if any(name in fault.mutations for fault in faults)]
    if not chosen:
        raise ConfigurationError(
            f"no fault of {', '.join(fault.name for fault in faults)} is one for "
            f"{' and '.join(wanted)}; `anyunix mutation --list` shows which is for which"
        )
    return tuple(map(catalog.subject, chosen))


def run_mutation(options: MutationOptions, suite: Path, console: Console, out: OutFolder) -> MutationResults:
    """Test, and write mutation.json, mutation.md and the cells' results. Raises ConfigurationError."""
    started, begun = datetime.now(timezone.utc), time.monotonic()
    with scratch() as folder:
        planned = plan(options.faults, options.subjects, options.platforms, measured_by(suite), folder)
        findings, healthy = judge(planned, _run(planned, options, suite, console, out))
    tested = MutationResults(
        options.faults,
        tuple(subject.name for subject in options.subjects),
        tuple(platform.name for platform in options.platforms),
        tuple(findings),
        tuple(healthy),
        options.required,
        options.repeat,
        started.isoformat(timespec="seconds"),
        time.monotonic() - begun,
    )
    out.write_file(out.path / "mutation.json", lambda: encode(tested))
    out.write_file(out.path / "mutation.md", lambda: render(tested).encode())
    return tested


def _run(
    planned: Sequence[Planned], options: MutationOptions, suite: Path, console: Console, out: OutFolder
) -> list[CellResult]:
    """The result of each cell, in the same order; the platforms stay up from cell to cell."""
    suite_options = SuiteOptions(suite, seconds=SUITE_SECONDS, repeat=options.repeat)
    kept = KeptPlatforms(Drivers().for_platform)
    try:
        with suite_options.cross_builds, CellCounter(console, len(planned)) as watcher:
            return run_cells(
                [each.cell for each in planned],
                kept.for_platform,
                suite_options,
                jobs=options.jobs,
                watcher=watcher,
                keeper=out,
            )
    finally:
        kept.end()
