"""What was measured, as JSON: pieces measured at different times come together in one file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec


class OtherRecord(Exception):
    """Why a file is not to be added to."""


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the table."""

    work: str
    unit: str
    before: tuple[float, ...] = ()
    """One for each round."""
    now: tuple[float, ...] = ()
    target: float | None = None
    stretch: float | None = None
    reason: str = ""
    """Why there is no number."""


class ProbeCost(msgspec.Struct, frozen=True):
    """Seconds of one probe."""

    wall: float
    cpu: float


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the CPU time of one cell goes, before and now, one subject."""

    programs: Mapping[str, Mapping[str, float]] = {}
    """Column -> program -> seconds of CPU."""
    whole: Mapping[str, float] = {}
    """Column -> seconds, of the same run by its control group: what the programs have to come to."""
    probes: Mapping[str, Mapping[str, ProbeCost]] = {}
    """Column -> probe -> what it cost."""
    reason: str = ""

    def over(self, older: "Profile") -> "Profile":
        """With what an older one has and this one has not."""
        return Profile(
            self.programs or older.programs, self.whole or older.whole, self.probes or older.probes, self.reason
        )


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of it."""

    before: str
    """The commit."""
    now: str
    machine: str
    dates: tuple[str, ...] = ()
    busy: float = 0.0
    """Of the machine's CPU time, the largest share that others used when a round began."""
    cpu_by: str = ""
    rows: Mapping[str, tuple[Figure, ...]] = {}
    profiles: Mapping[str, Profile] = {}
    """Subject -> its profile."""
    ci: Mapping[str, Mapping[str, int]] = {}
    """Column -> part -> seconds."""
    notes: tuple[str, ...] = ()

    def over(self, older: "Record | None") -> "Record":
        """With what an older record has more. Raises OtherRecord when it is not of the same versions and machine."""
        if older is None:
            return self
        if (older.before, older.now, older.machine) != (self.before, self.now, self.machine):
            raise OtherRecord(f"it holds rows of {older.before} and {older.now} on {older.machine}")
        return msgspec.structs.replace(
            self,
            dates=tuple(dict.fromkeys((*older.dates, *self.dates))),
            busy=max(older.busy, self.busy),
            cpu_by=self.cpu_by or older.cpu_by,
            rows={**older.rows, **self.rows},
            profiles={**older.profiles, **self.profiles},
            ci={**older.ci, **self.ci},
            notes=tuple(dict.fromkeys((*older.notes, *self.notes))),
        )


def read(file: Path) -> Record | None:
    """None where there is no file yet. Raises OtherRecord, OSError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OtherRecord(f"it is none of this tool's: {error}") from None


def write(file: Path, record: Record) -> None:
    """Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    document: Any = msgspec.to_builtins(record)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
