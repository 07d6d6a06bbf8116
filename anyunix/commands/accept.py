"""`anyunix accept`: the failures of a run, written down as expectations whose reasons are still to be given."""

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path

import yaml
from rich.console import Console
from rich.text import Text

from anyunix.analysis.expectations import FOLDER, Expectation, Expectations, parse_expectations
from anyunix.catalog.reader import NAME
from anyunix.commands.common import a_path, console_for_reports
from anyunix.errors import EXIT_NOT_PORTABLE, EXIT_PORTABLE, ConfigurationError
from anyunix.host.regular import read_text
from anyunix.report.out_folder import write_whole
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import Matrix, Probe
from anyunix.text import first_line

REASON = "TODO"
SAID = 160
"""Characters of a failure that the comment quotes."""
WIDE = 1_000_000
"""A width at which pyyaml breaks no line."""


@dataclass(frozen=True)
class Draft:
    """A failing contract that wants an entry."""

    entry: Expectation
    said: str
    """The first line of the failure."""


@dataclass(frozen=True)
class Plan:
    """What is to become of one subject's file."""

    path: Path
    text: str
    added: tuple[Draft, ...]
    left: tuple[Draft, ...]
    """Those whose probe has an entry already, which does not cover them."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `accept` and its arguments."""
    accept = commands.add_parser(
        "accept",
        help="write a run's failures down as expectations, for you to give the reasons",
        epilog="Each new entry has the reason TODO, which `anyunix run` refuses until you replace it. Entries that "
        "are there already are never changed. Exit status: 0 every failure has an entry now, 1 some have one "
        "that does not cover them, 2 usage or configuration error.",
    )
    accept.add_argument("out", type=a_path, metavar="OUT", help="a run's folder, or its matrix.json")
    accept.add_argument(
        "--expectations",
        type=a_path,
        default=FOLDER,
        metavar="DIR",
        help="where <subject>.yaml is, or is to be (default: %(default)s)",
    )
    accept.set_defaults(command=accept_command)


def accept_command(arguments: argparse.Namespace) -> int:
    """Write the entries and print them; the exit status. Raises ConfigurationError."""
    matrix, console = read_matrix(arguments.out), console_for_reports()
    subjects = dict.fromkeys(cell.subject for cell in matrix.cells)
    # all of them are worked out before the first is written
    today = datetime.now(timezone.utc).date()
    plans = [plan for subject in subjects if (plan := _plan(matrix, subject, arguments.expectations, today))]
    for plan in plans:
        if plan.added:
            _write(plan)
        _print_plan(console, plan)
    if not plans:
        console.print("nothing to accept: no contract failed unexpectedly")
    return EXIT_NOT_PORTABLE if any(plan.left for plan in plans) else EXIT_PORTABLE


def _plan(matrix: Matrix, subject: str, folder: Path, today: date) -> Plan | None:
    """None when nothing failed unexpectedly. Raises ConfigurationError."""
    drafts = _drafts(matrix, subject)
    if not drafts:
        return None
    if not NAME.fullmatch(subject):  # it becomes a file's name, and the results may come from anywhere
        raise ConfigurationError(f"{subject!r:.80}: not the name of a subject: letters, digits and . _ - only")
    path = folder / f"{subject}.yaml"
    text = _existing(path)
    if text is None and any(
        probe.expected for cell in matrix.cells if cell.subject == subject for probe in cell.failures
    ):
        raise ConfigurationError(
            f"{path}: not there, but that run accepted failures of {subject} from another file, "
            "which this one would hide: name its folder with --expectations DIR"
        )
    known = parse_expectations(path, text or "", drafts=True)
    places = {(entry.platform, entry.probe) for entry in known.entries}
    added = tuple(draft for draft in drafts if (draft.entry.platform, draft.entry.probe) not in places)
    return Plan(
        path,
        _extended(path, text or "", known, added),
        added,
        tuple(draft for draft in drafts if draft not in added and not _covered(known, draft.entry, today)),
    )


def _drafts(matrix: Matrix, subject: str) -> list[Draft]:
    """One a platform and contract, with all the bind modes that it failed in."""
    failing: dict[tuple[str, str], dict[str, Probe]] = {}
    for cell in matrix.cells:
        for probe in cell.failures:
            if cell.subject == subject and not probe.expected:
                failing.setdefault((cell.platform, probe.id), {})[cell.bind] = probe
    return [
        Draft(Expectation(platform, probe, REASON, binds=tuple(cases)), _said(next(iter(cases.values()))))
        for (platform, probe), cases in failing.items()
    ]


def _said(probe: Probe) -> str:
    return " ".join(first_line(probe.message).split())[:SAID]


def _covered(known: Expectations, wanted: Expectation, today: date) -> bool:
    """Whether an entry covers all of a draft: from an earlier `accept` of the same run, or written since."""
    return any(
        (entry.platform, entry.probe) == (wanted.platform, wanted.probe)
        and not entry.past(today)
        and (not entry.binds or set(wanted.binds) <= set(entry.binds))
        for entry in known.entries
    )


def _existing(path: Path) -> str | None:
    return read_text(path) if os.path.lexists(path) else None


def _extended(path: Path, text: str, known: Expectations, added: Iterable[Draft]) -> str:
    """The text with entries added and every other character kept. Raises ConfigurationError."""
    entries = set(known.entries)
    try:
        for draft in added:
            text = _with_entry(text, draft)
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


def _with_entry(text: str, draft: Draft) -> str:
    """Behind the last probe of the platform, else behind everything."""
    lines = text.splitlines(keepends=True)  # pyyaml counts lines the same way
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    at, indent = _place(text, draft.entry.platform) or (len(lines), "")
    block = _block(draft, indent or "  ")
    if not indent:
        block = [f"{_scalar(draft.entry.platform)}:", *block]
    if at and not lines[at - 1].endswith("\n"):
        lines[at - 1] += newline
    return "".join([*lines[:at], *(f"{line}{newline}" for line in block), *lines[at:]])


def _place(text: str, platform: str) -> tuple[int, str] | None:
    """Behind which line a platform's probes end, and how far they are indented; None when it is not there."""
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in top.value if isinstance(top, yaml.MappingNode) else []:
        if key.value == platform:
            probes = isinstance(value, yaml.MappingNode) and value.value
            return _last_line(value), " " * (value.value[0][0].start_mark.column if probes else 2)
    return None


def _last_line(node: yaml.Node) -> int:
    """How many lines there are up to a node's end; the end mark of a block is behind the comments that follow it."""
    while isinstance(node, (yaml.MappingNode, yaml.SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.line) + (1 if node.end_mark.column else 0)


def _block(draft: Draft, indent: str) -> list[str]:
    """An entry's lines. The reason has quotes because what replaces it may hold `:: `, which needs them."""
    inner = f"{indent}  "
    return [
        f"{indent}{_scalar(draft.entry.probe)}:",
        *([f"{inner}# {draft.said}"] if draft.said else []),
        f'{inner}reason: "{REASON}"',
        f"{inner}bind: [{', '.join(map(_scalar, draft.entry.binds))}]",
    ]


def _scalar(text: str) -> str:
    """The text as a key or value in one line: as it is where YAML takes it for itself, else in double quotes."""
    plain = yaml.safe_dump(text, width=WIDE).splitlines()[0]
    if plain == text and not set(text) & set(",[]{}"):
        return text
    return str(yaml.safe_dump(text, width=WIDE, default_style='"')).strip()


def _write(plan: Plan) -> None:
    try:
        write_whole(plan.path, plan.text.encode())
    except OSError as error:
        raise ConfigurationError(f"{plan.path}: cannot be written: {error.strerror}") from None


def _print_plan(console: Console, plan: Plan) -> None:
    count = len(plan.added)
    done = (
        f"{count} {'entry' if count == 1 else 'entries'} added, with the reason TODO: replace it"
        if count
        else "nothing added: each failure has an entry already"
    )
    lines = [Text(f"{plan.path}: {done}", "bold")]
    lines += [Text(f"  {_name(draft)}") for draft in plan.added]
    lines += [
        Text(f"  has an entry that does not cover it, change that by hand: {_name(draft)}", "yellow")
        for draft in plan.left
    ]
    for line in lines:
        console.print(line, soft_wrap=True)


def _name(draft: Draft) -> str:
    return first_line(f"{draft.entry.platform} {draft.entry.probe} (bind {', '.join(draft.entry.binds)})")
