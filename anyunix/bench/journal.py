"""Runs as they come, one line each, so that an interrupted experiment goes on where it was."""

from pathlib import Path
from typing import TypeVar

import msgspec

from anyunix.bench.remote.chat_run import ChatMeasured, ChatPoint
from anyunix.bench.remote.experiment import Measured, Point
from anyunix.errors import ConfigurationError
from anyunix.host.whole_file import write_whole

AnyRun = TypeVar("AnyRun", Measured, ChatMeasured)


def read_journal(
    path: Path, kind: type[AnyRun], differences: tuple[str, ...] = ()
) -> "dict[Point | ChatPoint, AnyRun]":
    """What was measured already with these differences on in the servers. A last line without its end was being
    written when the run was killed.

    Raises ConfigurationError naming file and line.
    """
    if not path.is_file():
        return {}
    found: dict[Point | ChatPoint, AnyRun] = {}
    lines = path.read_bytes().split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        try:
            measured = msgspec.json.decode(line, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ConfigurationError(
                f"{path}: line {number}: not a run of anyunix bench: {error}; --out DIR takes another folder"
            ) from None
        if measured.differences == differences:
            found[measured.point] = measured
    return found


def append(path: Path, measured: Measured | ChatMeasured) -> None:
    """Add a run, over what a killed one left of a line. Raises OSError."""
    data = path.read_bytes() if path.exists() else b""
    write_whole(path, data[: data.rfind(b"\n") + 1] + msgspec.json.encode(measured) + b"\n")
