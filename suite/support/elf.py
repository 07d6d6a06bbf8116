"""What a program says of itself in its header (elf(5)): how wide it is, who loads it, and whether Go made it."""

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PT_INTERP, PT_NOTE = 3, 4
GO_NOTE = b"Go\0\0"
"""The name of a note that Go's linker puts into each program (cmd/internal/buildid)."""
HEADER_BYTES, SEGMENT_BYTES = 64, 64 * 1024


@dataclass(frozen=True)
class Program:
    """What its ELF header says."""

    bits: int
    interpreter: str
    """The dynamic linker that loads it; empty for one that is linked statically."""
    go: bool
    """Whether Go made it: it calls the kernel itself, past libc."""


def read_program(path: Path) -> Program | None:
    """None for what is no ELF file. Raises OSError for what cannot be read."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
        if head[:4] != b"\x7fELF" or len(head) < HEADER_BYTES:
            return None
        wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
        interpreter, go = "", False
        with suppress(struct.error):  # cut short: what was read counts
            for kind, start, size in _segments(file.fileno(), head, wide, order):
                if kind == PT_INTERP:
                    interpreter = os.pread(file.fileno(), min(size, SEGMENT_BYTES), start).rstrip(b"\0").decode()
                elif kind == PT_NOTE:
                    go = go or GO_NOTE in os.pread(file.fileno(), min(size, SEGMENT_BYTES), start)
    return Program(64 if wide else 32, interpreter, go)


def holds(path: Path, text: str) -> bool:
    """Whether a file has a text in it. Raises OSError."""
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return content.find(text.encode()) != -1
        except ValueError:  # empty
            return False


def _segments(fd: int, head: bytes, wide: bool, order: str) -> Iterator[tuple[int, int, int]]:
    """Kind, offset and size in bytes of what the program header lists. Raises struct.error."""
    if wide:
        (start,), (size, count) = struct.unpack_from(f"{order}Q", head, 32), struct.unpack_from(f"{order}HH", head, 54)
        fields = f"{order}I4xQ16xQ"  # p_type, p_flags, p_offset, p_vaddr, p_paddr, p_filesz
    else:
        (start,), (size, count) = struct.unpack_from(f"{order}I", head, 28), struct.unpack_from(f"{order}HH", head, 42)
        fields = f"{order}II8xI"  # p_type, p_offset, p_vaddr, p_paddr, p_filesz
    table = os.pread(fd, size * count, start)
    for number in range(count):
        yield struct.unpack_from(fields, table, number * size)
