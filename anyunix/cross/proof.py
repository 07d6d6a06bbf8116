"""Whether a program is for the target it was built for, by its header."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anyunix.architecture import BY_NAME
from anyunix.cross.header import Header, NoProgram, read_header
from anyunix.cross.targets import Target

LOADERS = {
    # format, whose note, and the dynamic loader's path: each system's own, from a program of its base system
    "linux-gnu": ("ELF", ("GNU", ""), r"/lib(64)?/ld(-linux[a-z0-9_-]*|64)\.so\.[0-9]"),
    "linux-musl": ("ELF", ("GNU", ""), r"/lib/ld-musl-[a-z0-9_]+\.so\.1"),
    "freebsd": ("ELF", ("FreeBSD",), r"/libexec/ld-elf\.so\.1"),
    "netbsd": ("ELF", ("NetBSD",), r"(/usr)?/libexec/ld\.elf_so"),
    "openbsd": ("ELF", ("OpenBSD",), r"/usr/libexec/ld\.so"),
    "macos": ("Mach-O", ("macOS",), r"/usr/lib/dyld"),
}


class NotForTarget(Exception):
    """A program that a build made is not for its target; says which one, and why."""


@dataclass(frozen=True)
class Program:
    """What a build made."""

    path: PurePosixPath
    size: int
    """Bytes."""
    header: Header


def programs_for(target: Target, made: Mapping[PurePosixPath, Path]) -> tuple[Program, ...]:
    """The programs among the files that a build for the target made. Raises NotForTarget."""
    try:
        programs = tuple(
            Program(path, file.stat().st_size, header)
            for path, file in sorted(made.items())
            if not file.is_symlink() and (header := read_header(file))
        )
    except NoProgram as damaged:
        raise NotForTarget(str(damaged)) from damaged
    for program in programs:
        if wrong := not_for(target, program.header):
            raise NotForTarget(f"{program.path} is {program.header}: {wrong}; does the build honour CC?")
    return programs


def not_for(target: Target, header: Header) -> str | None:
    """None when the program is for the target, else what is wrong with it, as a sentence's end."""
    elf = BY_NAME[target.cpu].elf
    form, made_for, loader = LOADERS[target.system.name]
    if header.format != form:
        return f"expected {form} for {target.system.title}"
    if (header.machine, header.bits, header.order) != (elf.machine_name, elf.bits, elf.order):
        return f"expected {elf.bits}-bit {elf.order}-endian {elf.machine_name} for {target.cpu}"
    if header.made_for not in made_for:
        return f"expected one whose notes name {made_for[0]}"
    if header.interpreter and not re.fullmatch(loader, header.interpreter):
        return f"expected the dynamic loader of {target.system.title}"
    return None
