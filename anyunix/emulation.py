"""CPUs that are emulated: whether the kernel has an emulator for one, and what the emulator alone is to blame for."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from platform import machine

from anyunix.results import Probe

BINFMT = Path("/proc/sys/fs/binfmt_misc")
INSTALL = ("apt-get install qemu-user-static binfmt-support (Debian), mount -t binfmt_misc binfmt_misc "
           f"{BINFMT}, update-binfmts --enable")
ELF_OF = {"linux/arm64": (2, 1, 183), "linux/arm/v7": (1, 1, 40), "linux/riscv64": (2, 1, 243),
          "linux/ppc64le": (2, 1, 21), "linux/s390x": (2, 2, 22)}
"""CPU as Docker names it -> EI_CLASS, EI_DATA and e_machine of its programs."""
NATIVE = {"aarch64": ("linux/arm64",), "riscv64": ("linux/riscv64",), "ppc64le": ("linux/ppc64le",),
          "s390x": ("linux/s390x",)}
"""uname -m of a machine -> the CPUs that are its own."""
PASSES = "left out, though it passes"


def no_handler(cpu: str, folder: Path = BINFMT) -> str | None:
    """None when the kernel starts programs for the CPU in containers too, else what is missing and what to type."""
    if cpu not in ELF_OF or cpu in NATIVE.get(machine(), ()):
        return None
    program, closed = _program(*ELF_OF[cpu]), False
    for handler in folder.iterdir() if folder.is_dir() else ():
        said = _handler(handler)
        if said.get("enabled") and _matches(said, program):
            if "F" in said.get("flags:", ""):  # opened when registered, so a container need not have it
                return None
            closed = True
    why = ("binfmt_misc has a handler that containers cannot see (no flag F)" if closed
           else "binfmt_misc has no handler for its programs")
    return f"the CPU {cpu} is emulated, and {why}: {INSTALL}"


def _program(elf_class: int, data: int, machine: int) -> bytes:
    """The first bytes of an executable for the CPU."""
    order = "little" if data == 1 else "big"
    numbers = (2).to_bytes(2, order) + machine.to_bytes(2, order)  # type: ignore[arg-type]
    return b"\x7fELF" + bytes([elf_class, data, 1, 0]) + bytes(8) + numbers


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
    return said.get("offset") == "0" and 4 < len(magic) <= len(program) and all(
        found & bit == wanted & bit for found, wanted, bit in zip(program, magic, mask, strict=False))


def leave_out(probes: Iterable[Probe], limits: Mapping[str, str], emulator: str) -> tuple[Probe, ...]:
    """The probes, those that the emulator is to blame for left out with the reason, whatever came of them."""
    return tuple(_left_out(probe, limits, emulator) for probe in probes)


def _left_out(probe: Probe, limits: Mapping[str, str], emulator: str) -> Probe:
    reason = limits.get(probe.id) or limits.get(probe.id.partition("[")[0])
    if reason is None or probe.outcome == "skipped":
        return probe
    how = PASSES if probe.outcome == "passed" else "left out"
    return replace(probe, outcome="skipped", message=f"{how}: {emulator}: {reason}", facts={}, phrases={})


def passes_all_the_same(probe: Probe) -> bool:
    """Whether the platform file blames the emulator for a probe that passes."""
    return probe.outcome == "skipped" and probe.message.startswith(PASSES)
