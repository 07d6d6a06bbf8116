"""What was measured, as JSON and as the table of docs/scale.md."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from speeds.tables import insert, markdown


class Figure(msgspec.Struct, frozen=True):
    """One line of the table."""

    work: str
    figure: str
    target: str
    met: bool | None
    """None where there is no target."""
    more: str
    """What the figure was made from."""
    load: str = ""
    """Of the machine, as this measurement began."""


class Record(msgspec.Struct, frozen=True):
    """All of it; each measurement with the date and the commit that it was made of."""

    machine: str
    measures: Mapping[str, tuple[str, tuple[Figure, ...]]] = {}


def load(busy: float) -> str:
    """`others 3 % of the CPU, load 0.2`."""
    return f"others {100 * busy:.0f} % of the CPU, load {os.getloadavg()[0]:.1f}"


def read(file: Path, machine: str) -> Record:
    """What an earlier run on the same machine measured. Raises OSError, msgspec.DecodeError."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Record)
    except FileNotFoundError:
        return Record(machine)
    return found if found.machine == machine else Record(machine)


def write(file: Path, record: Record) -> None:
    """Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    document: Any = msgspec.to_builtins(record)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")


def table(record: Record) -> str:
    """In Markdown."""
    rows = [
        (each.work, f"**{each.figure}**", _judged(each), each.more, each.load)
        for _, figures in record.measures.values()
        for each in figures
    ]
    return markdown(("work", "figure", "target", "from", "before it began"), rows)


def write_into(page: Path, record: Record) -> None:
    """Raises OSError, NoMarkers."""
    made = ", ".join(dict.fromkeys(when for when, _ in record.measures.values()))
    text = insert(page.read_text(), "machine", f"{record.machine}. Measured: {made}.")
    page.write_text(insert(text, "figures", table(record)))


def _judged(figure: Figure) -> str:
    return f"{figure.target}: {'met' if figure.met else 'missed'}" if figure.target else "–"
