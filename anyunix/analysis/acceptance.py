"""The failures of a run as expectations whose reasons are still to be given: what `anyunix accept` writes."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from anyunix.analysis.entry_text import with_entry
from anyunix.analysis.expectations import Expectation, Expectations, parse_expectations
from anyunix.catalog.reader import NAME
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text
from anyunix.host.whole_file import write_whole
from anyunix.results.model import Matrix, Probe
from anyunix.text import first_line

REASON = "TODO"
EVERYWHERE = "*"
"""The platform of an entry that is about all of them."""
SAID = 160
"""Characters of a failure that the comment quotes."""


@dataclass(frozen=True)
class Draft:
    """A failing contract that needs an entry."""

    entry: Expectation
    said: str
    """The first line of the failure."""


@dataclass(frozen=True)
class Acceptance:
    """One subject's file, as it is to be."""

    path: Path
    text: str
    added: tuple[Draft, ...]
    uncovered: tuple[Draft, ...]
    """Those whose probe has an entry already, which does not cover them."""


def accept(matrix: Matrix, folder: Path, today: date) -> list[Acceptance]:
    """Write the missing entries into the files of `folder`; what became of each subject with unexpected failures.

    All files are worked out before the first is written. Raises ConfigurationError.
    """
    subjects = dict.fromkeys(cell.subject for cell in matrix.cells)
    found = [one for subject in subjects if (one := _acceptance(matrix, subject, folder, today))]
    for one in found:
        if one.added:
            _write(one)
    return found


def _acceptance(matrix: Matrix, subject: str, folder: Path, today: date) -> Acceptance | None:
    """None when nothing failed unexpectedly. Raises ConfigurationError."""
    drafts = _drafts(matrix, subject)
    if not drafts:
        return None
    if not NAME.fullmatch(subject):  # it becomes a file's name, and results are untrusted input
        raise ConfigurationError(f"{subject!r:.80}: not the name of a subject: letters, digits and . _ - only")
    path = folder / f"{subject}.yaml"
    text = read_text(path) if os.path.lexists(path) else None
    if text is None and any(
        probe.expected for cell in matrix.cells if cell.subject == subject for probe in cell.failures
    ):
        raise ConfigurationError(
            f"{path}: not there, but that run accepted failures of {subject} from another file, "
            "which this one would hide: name its folder with --expectations DIR"
        )
    known = parse_expectations(path, text or "", drafts=True)
    added = tuple(draft for draft in drafts if not _has_entry(known, draft.entry))
    return Acceptance(
        path,
        _extended(path, text or "", known, added),
        added,
        tuple(draft for draft in drafts if draft not in added and not _covered(known, draft.entry, today)),
    )


def _drafts(matrix: Matrix, subject: str) -> list[Draft]:
    """One per contract and platform, with all the bind modes that it failed in; one alone for a contract that failed on
    all platforms that tried it, in the same modes.
    """
    failing: dict[str, dict[str, dict[str, Probe]]] = {}  # probe -> platform -> bind mode
    for cell in matrix.cells:
        for probe in cell.failures:
            if cell.subject == subject and not probe.expected:
                failing.setdefault(probe.id, {}).setdefault(cell.platform, {})[cell.bind] = probe
    return [
        Draft(Expectation(platform, probe, REASON, binds=tuple(cases)), _said(next(iter(cases.values()))))
        for probe, where in failing.items()
        for platform, cases in (_everywhere(matrix, subject, probe, where) or where).items()
    ]


def _everywhere(
    matrix: Matrix, subject: str, probe: str, where: dict[str, dict[str, Probe]]
) -> dict[str, dict[str, Probe]] | None:
    """The cases of one platform for all, where several tried it and it failed in the same bind modes on each."""
    tried = {
        cell.platform
        for cell in matrix.cells
        if cell.subject == subject and any(each.id == probe and each.tried for each in cell.contracts)
    }
    same = len({frozenset(cases) for cases in where.values()}) == 1
    return {EVERYWHERE: next(iter(where.values()))} if len(tried) > 1 and tried == where.keys() and same else None


def _said(probe: Probe) -> str:
    return " ".join(first_line(probe.message).split())[:SAID]


def _has_entry(known: Expectations, wanted: Expectation) -> bool:
    return any(entry.probe == wanted.probe and entry.about(wanted.platform) for entry in known.entries)


def _covered(known: Expectations, wanted: Expectation, today: date) -> bool:
    """Whether an entry covers all of a draft: from an earlier `accept` of the same run, or written since."""
    return any(
        entry.probe == wanted.probe
        and entry.about(wanted.platform)
        and not entry.past(today)
        and (not entry.binds or set(wanted.binds) <= set(entry.binds))
        for entry in known.entries
    )


def _extended(path: Path, text: str, known: Expectations, added: Iterable[Draft]) -> str:
    """The text with entries added and every other character kept. Raises ConfigurationError."""
    entries = set(known.entries)
    try:
        for draft in added:
            text = with_entry(text, draft.entry, draft.said)
            entries.add(draft.entry)
        understood = set(parse_expectations(path, text, drafts=True).entries) == entries
    except (ConfigurationError, yaml.YAMLError):
        understood = False
    if not understood:  # {} around a platform, an anchor, more than one document
        raise ConfigurationError(
            f"{path}: cannot be added to as it is written: it takes a file where each platform "
            "and each probe begins a line of its own"
        )
    return text


def _write(acceptance: Acceptance) -> None:
    try:
        write_whole(acceptance.path, acceptance.text.encode())
    except OSError as error:
        raise ConfigurationError(f"{acceptance.path}: cannot be written: {error.strerror}") from None
