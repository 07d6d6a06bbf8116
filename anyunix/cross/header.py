"""What a program is, by its own header: ELF (System V ABI, ch. 4 and 5) and Mach-O (mach-o/loader.h)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyunix.architecture import MACHINE_NAMES, MACHO_NAMES

READ_LIMIT = 256 * 1024 * 1024
"""Bytes of a program that are read at most."""
MACH_64, MACH_EXECUTE, MACH_LOAD_DYLINKER, MACH_BUILD_VERSION, MACH_MINIMUM_MACOS = 0xFEEDFACF, 2, 0xE, 0x32, 0x24
ELF_EXECUTABLE, ELF_SHARED = 2, 3
PT_INTERP, PT_NOTE = 3, 4
NOTE_SYSTEM = 1
"""The note type in which GNU, FreeBSD, NetBSD and OpenBSD alike say whose program it is, under their name."""
OS_ABI = {3: "GNU", 9: "FreeBSD", 12: "OpenBSD"}


class NoProgram(Exception):
    """Not an executable in a format that is read here, or one that is damaged."""


@dataclass(frozen=True)
class Header:
    """What a program says of itself."""

    format: str
    bits: int
    order: str
    """`little` or `big`: the byte order."""
    machine: str
    made_for: str
    """Who its notes, its OS ABI or its platform command name: GNU, FreeBSD, NetBSD, OpenBSD, macOS; often empty."""
    interpreter: str
    """The dynamic loader it asks for; empty for a static program."""

    def __str__(self) -> str:
        made_for = f", for {self.made_for}" if self.made_for else ""
        loader = self.interpreter or "statically linked"
        return f"{self.format} {self.bits}-bit {self.order}-endian {self.machine}{made_for}, {loader}"


def read_header(path: Path) -> Header | None:
    """The header of an executable; None for any other file. Raises NoProgram for one that cannot be followed."""
    with path.open("rb") as file:
        data = file.read(READ_LIMIT)
    try:
        if data[:4] == b"\x7fELF":
            return _elf(data)
        return _macho(data) if data[:4] == struct.pack("<I", MACH_64) else None
    except (struct.error, KeyError, IndexError, UnicodeDecodeError) as error:
        raise NoProgram(f"{path.name}: its header cannot be read: {type(error).__name__} {error}") from None


def _elf(data: bytes) -> Header | None:
    bits, order = {1: 32, 2: 64}[data[4]], {1: "little", 2: "big"}[data[5]]
    end = "<" if order == "little" else ">"
    kind, machine = struct.unpack_from(f"{end}HH", data, 16)
    if kind not in (ELF_EXECUTABLE, ELF_SHARED):
        return None
    interpreter, made_for = "", OS_ABI.get(data[7], "")
    for segment, start, size in _segments(data, bits, end):
        if segment == PT_INTERP:
            interpreter = data[start : start + size].rstrip(b"\0").decode("ascii")
        elif segment == PT_NOTE:
            made_for = _note_of_system(data[start : start + size], end) or made_for
    return Header("ELF", bits, order, MACHINE_NAMES.get(machine, f"machine {machine}"), made_for, interpreter)


def _segments(data: bytes, bits: int, end: str) -> Iterator[tuple[int, int, int]]:
    """Type, offset and size of each entry of the program header table."""
    (table,) = struct.unpack_from(f"{end}{'Q' if bits == 64 else 'I'}", data, 32 if bits == 64 else 28)
    entry, count = struct.unpack_from(f"{end}HH", data, 54 if bits == 64 else 42)
    for at in range(table, table + entry * count, entry or 1):
        if bits == 64:
            kind, _, offset, _, _, size = struct.unpack_from(f"{end}IIQQQQ", data, at)
        else:
            kind, offset, _, _, size = struct.unpack_from(f"{end}IIIII", data, at)
        yield kind, offset, size


def _note_of_system(notes: bytes, end: str) -> str:
    """The name on the note that says for which system a program is."""
    at = 0
    while at + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from(f"{end}III", notes, at)
        name = notes[at + 12 : at + 12 + name_size].rstrip(b"\0").decode("ascii", "replace")
        if kind == NOTE_SYSTEM and name in ("GNU", "FreeBSD", "NetBSD", "OpenBSD"):
            return name
        at += 12 + (name_size + 3 & ~3) + (size + 3 & ~3)
    return ""


def _macho(data: bytes) -> Header | None:
    _, cpu, _, kind, commands, _, _, _ = struct.unpack_from("<8I", data)
    if kind != MACH_EXECUTE:
        return None
    interpreter, made_for, at = "", "", 32
    for _ in range(commands):
        command, size = struct.unpack_from("<II", data, at)
        if size < 8:
            raise KeyError(f"load command of {size} bytes")
        if command == MACH_LOAD_DYLINKER:
            (offset,) = struct.unpack_from("<I", data, at + 8)
            interpreter = data[at + offset : at + size].rstrip(b"\0").decode("ascii")
        elif command == MACH_MINIMUM_MACOS or (
            command == MACH_BUILD_VERSION and struct.unpack_from("<I", data, at + 8) == (1,)
        ):
            made_for = "macOS"
        at += size
    return Header("Mach-O", 64, "little", MACHO_NAMES.get(cpu, f"CPU {cpu:#x}"), made_for, interpreter)
