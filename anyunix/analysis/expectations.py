"""expectations/<subject>.yaml: contract failures that are known and accepted, each with its reason.

An expectation is as strict as pytest's strict xfail: where its probe ran and failed in none of its bind modes, on none
of its platforms, it has to go. What did not run is not judged, and neither is a probe that was skipped in each of them:
nothing was tried, so nothing was shown to be mended.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from anyunix.catalog.reader import place
from anyunix.catalog.subjects import Subject
from anyunix.catalog.typed import WRITE, Misfit, typed
from anyunix.catalog.yaml_text import parse_yaml
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.results.model import ONLY_WHEN_BROKEN, CellResult, Matrix, Probe
from anyunix.text import nearest, shortened

FOLDER = Path("expectations")
WHY = "why this failure is accepted, as a text"
FOR_ALL = "; without the key it holds for all"
INJECTION = "sweep::"
"""How the name of an injection begins, which `anyunix sweep` alone makes and judges."""
TODO = re.compile(r"\W*todo\b", re.IGNORECASE)


class ExpectationKeys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why a contract of the subject may fail on a platform."""

    reason: Annotated[str, Meta(description=WHY, extra={WRITE: WHY})]
    link: Annotated[
        str,
        Meta(
            title="an address such as https://example.org/1",
            description="where more is written about it",
            pattern=r"^https?://\S+(?!\s)$",  # only the web: a report makes a link of it
        ),
    ] = ""
    until: Annotated[date | UnsetType, Meta(description="the last day on which the failure is accepted")] = UNSET
    bind: Annotated[
        tuple[str, ...],
        Meta(
            title="a list of bind modes such as [first]",
            description="the bind modes it holds for; without the key, all of them",
            min_length=1,
        ),
    ] = ()


ProbesOfAPlatform = Annotated[dict[str, ExpectationKeys], Meta(title="probes, each with a reason")]
ExpectationsFile = (
    Annotated[
        dict[str, ProbesOfAPlatform | None],
        Meta(
            title="platforms, each with its probes",
            description='platforms by name, or by a pattern in quotes: "*" for all of them, "debian*"',
        ),
    ]
    | None
)
"""A file, or a platform in it, may be empty: its last entry was removed."""


@dataclass(frozen=True)
class Expectation:
    """One contract of one subject that may fail on one platform."""

    platform: str
    """Its name, or a pattern as a shell has them, such as `debian*`; `*` for all platforms."""
    probe: str
    """As in the results: `binding/test_served_contracts.py::test_ipv4_client_is_served`, with parameters."""
    reason: str
    link: str = ""
    until: date | None = None
    """The last day on which the failure is accepted."""
    binds: tuple[str, ...] = ()
    """The bind modes it holds for; empty for all."""

    @property
    def by_pattern(self) -> bool:
        """Whether it is about platforms that it does not name."""
        return bool(set(self.platform) & set("*?["))

    def about(self, platform: str) -> bool:
        """Whether it is about this one."""
        return platform == self.platform or (self.by_pattern and fnmatchcase(platform, self.platform))

    def covers(self, cell: CellResult) -> bool:
        return self.about(cell.platform) and (not self.binds or cell.bind in self.binds)

    def past(self, today: date) -> bool:
        return self.until is not None and today > self.until


@dataclass(frozen=True)
class Expectations:
    """One subject's file."""

    path: Path
    entries: tuple[Expectation, ...] = ()


def find_expectations(subject: Subject, folder: Path | None) -> Path | None:
    """The subject's file: in `folder` if one is given, else in ./expectations, else beside the subject's own file.

    Raises ConfigurationError when the folder that was given is none.
    """
    if folder is not None and not folder.is_dir():
        raise ConfigurationError(f"--expectations {folder}: no such folder; `anyunix accept` writes one")
    folders = [FOLDER, subject.folder / FOLDER] if folder is None else [folder]
    return next((file for place in folders if (file := place / f"{subject.name}.yaml").is_file()), None)


def load_expectations(subjects: Iterable[Subject], folder: Path | None) -> dict[str, Expectations]:
    """Subject's name -> what is expected of it, for those that have a file. Raises ConfigurationError.

    A folder that was given and has a file for none of them is an error too: a name is misspelled.
    """
    files = [(subject, find_expectations(subject, folder)) for subject in subjects]
    if folder is not None and not any(file for _, file in files):
        wanted = " and no ".join(f"{subject.name}.yaml" for subject, _ in files)
        raise ConfigurationError(f"--expectations {folder}: holds no {wanted}")
    return {subject.name: read_expectations(file, binds=subject.binds) for subject, file in files if file}


def read_expectations(path: Path, *, binds: Collection[str] = (), drafts: bool = False) -> Expectations:
    """Read a subject's file. Raises ConfigurationError naming file, platform, probe, key and what to write.

    `binds` are the subject's bind modes; without any they are not checked. `drafts` lets a reason be TODO.
    """
    return parse_expectations(path, read_text(path), binds=binds, drafts=drafts)


def parse_expectations(path: Path, text: str, *, binds: Collection[str] = (), drafts: bool = False) -> Expectations:
    """As `read_expectations`, of a text that is, or is to be, the content of `path`."""
    file = _File(path, text)
    try:
        found: ExpectationsFile = typed(parse_yaml(path, text), ExpectationsFile)
    except Misfit as misfit:
        hint = FOR_ALL if misfit.keys[2:] == ("bind",) else ""
        raise file.error(misfit.keys, f"{misfit.reason}{hint}") from None
    entries = tuple(
        file.entry(platform, probe, keys, binds, drafts)
        for platform, probes in (found or {}).items()
        for probe, keys in (probes or {}).items()
    )
    return Expectations(path, entries)


@dataclass(frozen=True)
class _File:
    """A file and its text, which errors name, and what no type can say of its entries."""

    path: Path
    text: str

    def entry(
        self, platform: str, probe: str, keys: ExpectationKeys, binds: Collection[str], drafts: bool
    ) -> Expectation:
        """An entry, checked. Raises ConfigurationError."""
        if not re.search(r"\w", keys.reason):
            raise self.error((platform, probe, "reason"), f"says nothing; write {WHY}")
        if TODO.match(keys.reason) and not drafts:
            raise self.error((platform, probe, "reason"), f"still TODO; write {WHY}")
        for mode in keys.bind:
            if binds and mode not in binds:
                raise self.error(
                    (platform, probe, "bind"),
                    f"the subject has no mode {mode!r}{nearest(mode, binds)}; it has {', '.join(binds)}",
                )
        reason, modes = " ".join(keys.reason.split()), tuple(dict.fromkeys(keys.bind))
        until = keys.until if isinstance(keys.until, date) else None
        return Expectation(platform, probe, reason, keys.link, until, modes)

    def error(self, keys: tuple[str, ...], reason: str) -> ConfigurationError:
        """The entry goes first, and its line; then its key, where one is to blame."""
        entry, key = ": ".join(keys[:2]), ".".join(keys[2:])
        if key:
            reason = f"key {key!r}: {reason}"
        where = place(self.path, ".".join(keys[:2]), self.text)
        return ConfigurationError(f"{where}: {shortened(f'{entry}: ' if entry else '')}{shortened(reason)}")


def apply(
    matrix: Matrix, expectations: Mapping[str, Expectations], *, today: date, known_platforms: Collection[str]
) -> Matrix:
    """The matrix with the reasons at the failures that are expected, and with what does not hold among its problems.

    `expectations` are by subject; `known_platforms` are the names there are, beside those of the matrix.
    """
    platforms = {*known_platforms, *(platform.name for platform in matrix.platforms)}
    problems = [
        f"{file.path}: {entry.platform}: {entry.probe}: {problem}"
        for subject, file in expectations.items()
        for entry in file.entries
        if (problem := _problem(matrix, subject, entry, today, platforms))
    ]
    return replace(
        matrix,
        problems=(*matrix.problems, *problems),
        cells=tuple(
            _covered(
                cell,
                [entry for entry in expectations[cell.subject].entries if entry.covers(cell) and not entry.past(today)],
            )
            if cell.subject in expectations
            else cell
            for cell in matrix.cells
        ),
    )


def _covered(cell: CellResult, entries: Iterable[Expectation]) -> CellResult:
    named_last = sorted(entries, key=lambda entry: not entry.by_pattern)  # what names the platform says it better
    reasons = {entry.probe: f"{entry.reason} ({entry.link})" if entry.link else entry.reason for entry in named_last}
    return replace(
        cell,
        probes=tuple(
            replace(probe, expected=reasons[probe.id])
            if probe.kind == "contract" and probe.bad and probe.id in reasons
            else probe
            for probe in cell.probes
        ),
    )


def _problem(matrix: Matrix, subject: str, entry: Expectation, today: date, platforms: Collection[str]) -> str:
    """Why an expectation does not hold; empty when it does, or when this run cannot tell."""
    if not any(map(entry.about, platforms)):
        if entry.by_pattern:
            return f"no platform is called like {entry.platform!r}; correct or remove it"
        return f"no platform is called {entry.platform!r}{nearest(entry.platform, platforms)}; correct or remove it"
    if problem := _unknown(matrix, entry.probe):
        return problem
    tried = [
        (cell.bind, probe)
        for cell in matrix.cells
        if cell.subject == subject and cell.status == "ran" and entry.covers(cell)
        for probe in _contracts(cell, entry.probe)
        if probe.tried
    ]
    binds = ", ".join(dict.fromkeys(bind for bind, _ in tried))
    if tried and not any(probe.bad for _, probe in tried):
        where = " on any of these platforms" if entry.by_pattern else ""
        return f"no longer fails{where} in bind {binds}: remove it"
    if tried and entry.past(today):
        return f"was accepted until {entry.until} and still fails: mend it, or give it a new date"
    return ""


def _contracts(cell: CellResult, wanted: str) -> list[Probe]:
    """The contract in a cell that ran; that it builds is only there when it was not kept."""
    found = [probe for probe in cell.contracts if probe.id == wanted]
    return found or ([Probe(wanted, "contract", "passed")] if wanted in ONLY_WHEN_BROKEN else [])


def _unknown(matrix: Matrix, wanted: str) -> str:
    """Why no contract can have this id; empty when one has it, or may have it where it runs."""
    ran = {probe.id for cell in matrix.cells for probe in cell.contracts}
    if wanted in ran or wanted in ONLY_WHEN_BROKEN or wanted.startswith(INJECTION):
        return ""
    text = matrix.text(wanted)
    if text is None:
        contracts = {text.id for text in matrix.texts if text.kind == "contract"} | ran
        return f"no contract has this name{nearest(wanted, contracts)}; `anyunix list probes` shows them all"
    if text.kind == "fact":
        return "is a fact, and a fact never fails: remove it"
    others = sorted(probe for probe in ran if probe.partition("[")[0] == text.id)
    if others and ("[" in wanted) != ("[" in others[0]):
        return f"its name has {'no' if '[' in wanted else 'these'} parameters: {', '.join(others[:5])}"
    return ""
