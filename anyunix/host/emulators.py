"""CPUs that are emulated: whether the kernel has an emulator for one."""

from collections.abc import Mapping
from pathlib import Path
from platform import machine

from anyunix.architecture import BY_DOCKER_NAME, Elf

BINFMT = Path("/proc/sys/fs/binfmt_misc")
INSTALL = (
    "apt-get install qemu-user-static binfmt-support (Debian), mount -t binfmt_misc binfmt_misc "
    f"{BINFMT}, update-binfmts --enable"
)


def no_handler(cpu: str, folder: Path = BINFMT) -> str | None:
    """None when the kernel starts programs for the CPU, as Docker calls it, in containers too, else what is missing
    and what to type. Of a CPU that is not known here nothing is said.
    """
    known = BY_DOCKER_NAME.get(cpu)
    if known is None or machine() in known.uname:
        return None
    program, closed = _program(known.elf), False
    for handler in folder.iterdir() if folder.is_dir() else ():
        said = _handler(handler)
        if said.get("enabled") and _matches(said, program):
            if "F" in said.get("flags:", ""):  # opened when registered, so a container need not have it
                return None
            closed = True
    why = (
        "binfmt_misc has a handler that containers cannot see (no flag F)"
        if closed
        else "binfmt_misc has no handler for its programs"
    )
    return f"the CPU {cpu} is emulated, and {why}: {INSTALL}"


def _program(elf: Elf) -> bytes:
    """The first bytes of an executable for the CPU."""
    numbers = (2).to_bytes(2, elf.order) + elf.machine.to_bytes(2, elf.order)
    return b"\x7fELF" + bytes([elf.elf_class, elf.data, 1, 0]) + bytes(8) + numbers


def _handler(file: Path) -> dict[str, str]:
    """The lines of a handler's file, the first word as the key."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:  # `register` can be written only
        return {}
    return {word: value.strip() or word for word, _, value in (line.partition(" ") for line in lines)}


def _matches(said: Mapping[str, str], program: bytes) -> bool:
    try:
        magic = bytes.fromhex(said["magic"])
        mask = bytes.fromhex(said.get("mask", "ff" * len(magic)))
    except (KeyError, ValueError):
        return False
    return (
        said.get("offset") == "0"
        and 4 < len(magic) <= len(program)
        and all(found & bit == wanted & bit for found, wanted, bit in zip(program, magic, mask, strict=False))
    )
