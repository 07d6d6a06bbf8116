"""The CPUs that programs run on and are built for, under all of the names that others give them."""

from dataclasses import dataclass
from typing import Literal

ELF_32, ELF_64, LITTLE, BIG = 1, 2, 1, 2
"""EI_CLASS and EI_DATA of a program's header (System V ABI, ch. 4)."""


@dataclass(frozen=True)
class Elf:
    """What a program for the CPU has in its header."""

    elf_class: int
    data: int
    machine: int
    """e_machine."""
    machine_name: str
    """What that number says, which may be less than the CPU: bits and byte order are told elsewhere."""

    @property
    def bits(self) -> int:
        return 64 if self.elf_class == ELF_64 else 32

    @property
    def order(self) -> Literal["little", "big"]:
        """The byte order."""
        return "little" if self.data == LITTLE else "big"


@dataclass(frozen=True)
class Cpu:
    """One CPU."""

    name: str
    """As anyunix calls it: `anyunix build --target armv7`."""
    docker: str
    """As in a platform file, Docker's: `linux/arm/v7`."""
    debian: str
    """The port of Debian: `armhf`."""
    zig: str
    """The first part of zig's triple."""
    go: str
    """GOARCH."""
    elf: Elf
    uname: tuple[str, ...]
    """What uname -m says on a machine that runs its programs as its own, whether all are such or not."""
    macho: int | None = None
    """cputype of a Mach-O program; None where macOS does not run on it."""


CPUS = (
    Cpu(
        "x86_64",
        "linux/amd64",
        "amd64",
        "x86_64",
        "amd64",
        Elf(ELF_64, LITTLE, 62, "x86_64"),
        ("x86_64", "amd64"),
        0x01000007,
    ),
    Cpu("x86", "linux/386", "i386", "x86", "386", Elf(ELF_32, LITTLE, 3, "x86"), ("i386", "i686", "x86_64")),
    Cpu(
        "aarch64",
        "linux/arm64",
        "arm64",
        "aarch64",
        "arm64",
        Elf(ELF_64, LITTLE, 183, "aarch64"),
        ("aarch64", "arm64"),
        0x0100000C,
    ),
    Cpu("armv7", "linux/arm/v7", "armhf", "arm", "arm", Elf(ELF_32, LITTLE, 40, "arm"), ("armv7l",)),
    Cpu("riscv64", "linux/riscv64", "riscv64", "riscv64", "riscv64", Elf(ELF_64, LITTLE, 243, "riscv"), ("riscv64",)),
    Cpu(
        "ppc64le", "linux/ppc64le", "ppc64el", "powerpc64le", "ppc64le", Elf(ELF_64, LITTLE, 21, "ppc64"), ("ppc64le",)
    ),
    Cpu("s390x", "linux/s390x", "s390x", "s390x", "s390x", Elf(ELF_64, BIG, 22, "s390x"), ("s390x",)),
)
BY_NAME = {cpu.name: cpu for cpu in CPUS}
BY_DOCKER_NAME = {cpu.docker: cpu for cpu in CPUS}
MACHINE_NAMES = {cpu.elf.machine: cpu.elf.machine_name for cpu in CPUS} | {20: "ppc"}
"""e_machine -> what a program is said to be for."""
MACHO_NAMES = {cpu.macho: cpu.name for cpu in CPUS if cpu.macho is not None}


def cpu_of_machine(uname: str, bits: str) -> Cpu | None:
    """The CPU of programs on a machine where uname -m and getconf LONG_BIT say that."""
    return next((cpu for cpu in CPUS if uname in cpu.uname and str(cpu.elf.bits) == bits), None)
