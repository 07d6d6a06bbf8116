"""What suite/support/tool.py wrote on a platform, read. It comes from there: nothing in it is believed."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from anyunix.results.junit import BadResults
from anyunix.trace.pairing import Steps
from anyunix.trace.steps import Step, steps_of
from anyunix.trace.strace import read_strace
from anyunix.trace.truss import read_truss

TRACERS = {"strace": read_strace, "truss": read_truss}


@dataclass(frozen=True)
class Record:
    """What a tool wrote about the servers of one probe."""

    probe: str
    tool: str
    missing: str
    """Why there is no tool; empty when there is one."""
    chat: bool
    """Whether the subject has the paper's processes."""
    folder: str
    """The probe's work folder on the platform."""
    texts: tuple[str, ...]
    """One per server, in the order in which they were started."""


def read_records(data: bytes) -> dict[str, Record]:
    """Probe -> its record, from one JSON object a line. Raises BadResults."""
    found = {}
    for number, line in enumerate(data.splitlines(), 1):
        try:
            record = msgspec.json.decode(line, type=Record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadResults(f"records.json, line {number}: {error}") from None
        found[record.probe] = record
    return found


def steps_in(record: Record) -> Steps:
    """The steps of all servers of a probe that ran under a tracer; the roles of a second one say so."""
    read = TRACERS.get(record.tool, read_strace)
    steps: dict[str, Sequence[Step]] = {}
    for number, text in enumerate(record.texts, 1):
        for role, each in steps_of(read(text), folder=record.folder, chat=record.chat).items():
            steps[role if number == 1 else f"server {number}: {role}"] = each
    return steps
