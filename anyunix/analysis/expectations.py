"""expectations/<subject>.yaml: contract failures that are known and accepted, each with its reason.

An expectation is as strict as pytest's strict xfail: where its probe ran and failed in none of its bind modes, it has
to go. What did not run is not judged, and neither is a probe that was skipped in each of them: nothing was tried, so
nothing was shown to be mended.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from anyunix.catalog.reader import place
from anyunix.catalog.subjects import Subject
from anyunix.catalog.yaml_text import kind, parse_yaml
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.results.model import ONLY_WHEN_BROKEN, CellResult, Matrix, Probe
from anyunix.text import nearest, shortened

FOLDER = Path("expectations")
KEYS = ("reason", "link", "until", "bind")
TODO = re.compile(r"\W*todo\b", re.IGNORECASE)


@dataclass(frozen=True)
class Expectation:
    """One contract of one subject that may fail on one platform."""

    platform: str
    probe: str
    """As in the results: `binding/test_served_contracts.py::test_ipv4_client_is_served`, with parameters."""
    reason: str
    link: str = ""
    until: date | None = None
    """The last day on which the failure is accepted."""
    binds: tuple[str, ...] = ()
    """The bind modes it holds for; empty for all."""

    def covers(self, cell: CellResult) -> bool:
        return cell.platform == self.platform and (not self.binds or cell.bind in self.binds)

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
    reader = _Reader(path, text, binds, drafts)
    return Expectations(path, tuple(reader.entries(parse_yaml(path, text))))


@dataclass(frozen=True)
class _Reader:
    """Turns one file's data into entries, checking each key."""

    path: Path
    text: str
    binds: Collection[str]
    drafts: bool

    def entries(self, data: Any) -> Iterator[Expectation]:
        """A file, or a platform in it, may be empty: its last entry was removed."""
        for platform, probes in self._mapping("", data, "platforms, each with its probes"):
            for probe, keys in self._mapping(platform, probes, "probes, each with a reason"):
                yield self._entry(platform, probe, keys)

    def _mapping(self, place: str, data: Any, expected: str) -> Iterator[tuple[str, Any]]:
        if data is not None and not isinstance(data, dict):
            raise self._error(place, f"expected {expected}, found {_found(data)}")
        for key, value in (data or {}).items():
            if not isinstance(key, str):
                raise self._error(place, f"expected {expected}, found {_found(key)}; a name like that needs quotes")
            yield key, value

    def _entry(self, platform: str, probe: str, keys: Any) -> Expectation:
        place = f"{platform}: {probe}"
        found = dict(self._mapping(place, keys, f"the keys {', '.join(KEYS)}"))
        for key in found:
            if key not in KEYS:
                raise self._error(place, f"key {key!r}: unknown{nearest(key, KEYS)}; known: {', '.join(KEYS)}")
        return Expectation(
            platform,
            probe,
            self._reason(place, found.get("reason")),
            self._link(place, found),
            self._until(place, found),
            self._binds(place, found),
        )

    def _reason(self, place: str, value: Any) -> str:
        what = "why this failure is accepted, as a text"
        if value is None:
            raise self._error(place, f"key 'reason': missing; write {what}")
        if not isinstance(value, str):
            raise self._error(place, f"key 'reason': found {_found(value)}; write {what} (in quotes if need be)")
        if not re.search(r"\w", value):
            raise self._error(place, f"key 'reason': says nothing; write {what}")
        if TODO.match(value) and not self.drafts:
            raise self._error(place, f"key 'reason': still TODO; write {what}")
        return " ".join(value.split())

    def _link(self, place: str, found: Mapping[str, Any]) -> str:
        value = found.get("link", "")
        # only the web: a report makes a link of it
        if "link" in found and not (isinstance(value, str) and re.fullmatch(r"https?://\S+", value)):
            raise self._error(
                place, f"key 'link': expected an address such as https://example.org/1, found {_found(value)}"
            )
        return str(value)

    def _until(self, place: str, found: Mapping[str, Any]) -> date | None:
        value = found.get("until")
        if "until" in found and (not isinstance(value, date) or isinstance(value, datetime)):
            raise self._error(
                place, f"key 'until': expected a date such as 2027-01-31, without quotes or time, found {_found(value)}"
            )
        return value

    def _binds(self, place: str, found: Mapping[str, Any]) -> tuple[str, ...]:
        value = found.get("bind", [])
        if "bind" in found and not (isinstance(value, list) and value and all(isinstance(m, str) for m in value)):
            raise self._error(
                place,
                f"key 'bind': expected a list of bind modes such as [first], "
                f"found {_found(value)}; without the key it holds for all",
            )
        for mode in value:
            if self.binds and mode not in self.binds:
                raise self._error(
                    place,
                    f"key 'bind': the subject has no mode {mode!r}{nearest(mode, self.binds)}; "
                    f"it has {', '.join(self.binds)}",
                )
        return tuple(dict.fromkeys(value))

    def _error(self, key: str, reason: str) -> ConfigurationError:
        where = place(self.path, key.replace(": ", "."), self.text)
        return ConfigurationError(f"{where}: {shortened(f'{key}: ' if key else '')}{shortened(reason)}")


def _found(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else kind(value)


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
    reasons = {entry.probe: f"{entry.reason} ({entry.link})" if entry.link else entry.reason for entry in entries}
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
    if entry.platform not in platforms:
        return f"no platform is called {entry.platform!r}{nearest(entry.platform, platforms)}; correct or remove it"
    if problem := _unknown(matrix, entry.probe):
        return problem
    tried = [
        (cell.bind, probe)
        for cell in matrix.cells
        if cell.subject == subject and cell.status == "ran" and entry.covers(cell)
        for probe in _contracts(cell, entry.probe)
        if probe.outcome != "skipped"
    ]
    binds = ", ".join(dict.fromkeys(bind for bind, _ in tried))
    if tried and not any(probe.bad for _, probe in tried):
        return f"no longer fails in bind {binds}: remove it"
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
    if wanted in ran or wanted in ONLY_WHEN_BROKEN:
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
