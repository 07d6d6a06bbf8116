"""A sweep: a trace says where a server calls the system, then each call answers with each error, one at a time."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.registry import Drivers
from anyunix.errors import ConfigurationError, NotRun, PlatformError
from anyunix.host.scratch import scratch
from anyunix.results.junit import BadResults
from anyunix.results.model import CellResult, Matrix, Probe
from anyunix.run.cell import Cell, SuiteOptions
from anyunix.run.matrix import NOBODY, Keeper, Watcher, run_cells
from anyunix.run.rerun import Records
from anyunix.run.start import never_started
from anyunix.sweep.errnos import read_errnos
from anyunix.sweep.injecting import Injection, injections_for
from anyunix.sweep.seen import SeenSites, seen_in
from anyunix.sweep.sweep_suite import INJECTION_PROBE, INJECTIONS, SESSION, SESSION_PROBE, write_suite
from anyunix.sweep.swept import Sweep, SweepAnswer, Swept
from anyunix.text import first_line, nearest, safe

SWEEP_SECONDS = 3600.0
"""For all injections of a server."""


@dataclass(frozen=True)
class SweepOptions:
    """What is swept, and how."""

    subject: Subject
    platform: Platform
    bind: str
    quick: bool = False
    wanted: tuple[str, ...] = ()
    """The IDs of the only injections to make; empty for all."""
    workers: int = 0
    """Servers side by side; 0 for as many as the platform's CPUs can take."""


class Told(msgspec.Struct, frozen=True):
    """What suite/sweep/injections.py reports of an injection."""

    answer: Literal["kept", "client lost", "broken", "not reached"]
    how: str
    call: str


def sweep(options: SweepOptions, suite: Path, watcher: Watcher = NOBODY) -> Sweep:
    """Raises ConfigurationError for a subject that does not start, or an unknown injection; NotRun and PlatformError
    where nothing can be swept.
    """
    begun = time.monotonic()
    with scratch() as folder:
        found = _seen(options, write_suite(suite, folder / "session", SESSION), watcher)
        planned = _chosen(
            injections_for(found.sites, read_errnos(suite), found.inside, quick=options.quick), options.wanted
        )
        if not planned:
            raise NotRun(f"{options.subject.name} makes no call that could answer otherwise")
        made = _run(options, write_suite(suite, folder / "injections", INJECTIONS, planned), watcher)
    return Sweep(
        options.subject.name,
        options.platform.name,
        options.bind,
        tuple(_swept(injection, made) for injection in planned),
        tuple(site.label for site in found.alike),
        time.monotonic() - begun,
    )


def _seen(options: SweepOptions, suite: Path, watcher: Watcher) -> SeenSites:
    records = Records()
    cell = replace(_cell(options), tool="trace")
    result = _cell_result(cell, SuiteOptions(suite), watcher, records)
    probe = next((probe for probe in result.probes if probe.id == SESSION_PROBE), None)
    if probe is not None and probe.outcome != "passed":
        raise NotRun(f"{options.subject.name} cannot be swept: {first_line(probe.message)}")
    try:
        return seen_in(result, records, options.subject.stop)
    except NotRun as reason:
        raise NotRun(
            f"{options.subject.name} cannot be swept on {options.platform.name}: not tried: {reason}"
        ) from None
    except BadResults as error:
        raise PlatformError(f"{options.platform.name}: {error}") from None


def _run(options: SweepOptions, suite: Path, watcher: Watcher) -> Mapping[str, Probe]:
    """The ID of each injection -> what came back."""
    result = _cell_result(
        _cell(options), SuiteOptions(suite, seconds=SWEEP_SECONDS, workers=options.workers), watcher, NOBODY
    )
    return {
        probe.id.partition("[")[2].removesuffix("]"): probe
        for probe in result.probes
        if probe.id.startswith(INJECTION_PROBE)
    }


def _cell(options: SweepOptions) -> Cell:
    return Cell(options.subject, options.platform, options.bind)


def _cell_result(cell: Cell, suite: SuiteOptions, watcher: Watcher, keeper: Keeper) -> CellResult:
    """Raises ConfigurationError, NotRun, PlatformError."""
    with suite.cross_builds:
        (result,) = run_cells([cell], Drivers().for_platform, suite, jobs=1, watcher=watcher, keeper=keeper)
    if result.status == "not-run":
        raise NotRun(f"{result.platform}: not run: {result.reason}")
    if result.status == "error":
        raise PlatformError(f"{result.platform}: {result.reason}")
    if wrong := never_started(Matrix((), (result,), result.platform)):
        raise ConfigurationError(next(iter(wrong.values())))
    return result


def _chosen(planned: Sequence[Injection], wanted: Sequence[str]) -> list[Injection]:
    known = [each.id for each in planned]
    for name in wanted:
        if name not in known:
            raise ConfigurationError(f"--injection {name}: the server makes no such call{nearest(name, known)}")
    return [each for each in planned if not wanted or each.id in wanted]


def _swept(injection: Injection, made: Mapping[str, Probe]) -> Swept:
    probe = made.get(injection.id)
    told, how = _told(probe) if probe else (None, "it did not come back")
    if told is not None:
        answer: SweepAnswer = told.answer
        how, call = told.how, told.call
    else:
        answer, call = "not tried", ""
    site, said = injection.site, injection.answer
    return Swept(
        injection.id, site.phase, site.role, site.text, site.call, said.name, said.why, said.who, injection.times,
        answer, safe(how), safe(call),
    )  # fmt: skip


def _told(probe: Probe) -> tuple[Told | None, str]:
    """What an injection reports; or why it reports nothing."""
    try:
        return msgspec.convert(probe.facts.get("sweep"), Told), ""
    except msgspec.ValidationError:
        if probe.outcome == "skipped":
            return None, first_line(probe.message.removeprefix("Skipped: "))
        # a server that breaks what the probe did not wait for
        return Told("broken", f"{probe.error}: {first_line(probe.message)}", ""), ""
