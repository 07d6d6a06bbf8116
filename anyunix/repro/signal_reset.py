"""The paper's second bug: sa_flags of SIGUSR1's handler holds what the stack held, and the second message kills.

The C server is built four times: as the paper wrote it with the stack filled by a pattern, by zeros and by chance
(-ftrivial-auto-var-init, gcc 12 and clang 8 or newer), and with sa_flags set.
"""

import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from anyunix.catalog.builds import PATTERN
from anyunix.catalog.edits import Edit, apply_edit
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.reader import read_file
from anyunix.catalog.subjects import Subject
from anyunix.drivers.registry import Drivers
from anyunix.errors import NotRun
from anyunix.host.scratch import scratch
from anyunix.repro.answers import Messages
from anyunix.repro.luck import Luck, try_luck
from anyunix.repro.stage import build_again, built_here, staged

FAULT = Path("chat", "faults", "repro", "unset-sa-flags.yaml")
ZERO = "-ftrivial-auto-var-init=zero"
CLANG_ZERO = f"{ZERO} -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang"
"""What clang before 16 wants to hear."""
COMPILERS = ("cc", "gcc", "clang")
COMPILE_SECONDS = 20.0
TEXTS = ("one", "two", "three")


@dataclass(frozen=True)
class InitializingCompiler:
    """A compiler that fills the stack when it is asked to, and how to ask for zeros."""

    command: str
    zero: str


@dataclass(frozen=True)
class Variant:
    """One way to build the server."""

    name: str
    faulty: bool
    flags: str


@dataclass(frozen=True)
class VariantResult:
    """A variant, and what became of the messages."""

    variant: Variant
    answer: Messages

    @property
    def survived(self) -> bool:
        return self.answer.alive and self.answer.arrived == len(TEXTS)

    @property
    def killed_by_the_second(self) -> bool:
        """The first message came back, the second did not, and Child SEND is gone: by SIGUSR1, where strace saw it."""
        return (
            self.answer.arrived == 1
            and len(self.answer.messages) == 2
            and not self.answer.alive
            and self.answer.ending in ("", "killed by SIGUSR1")
        )


@dataclass(frozen=True)
class SignalResetResult:
    """How the four variants went."""

    pattern: VariantResult
    zero: VariantResult
    chance: VariantResult
    fixed: VariantResult
    luck: Luck
    compiler: str
    seconds: float

    @property
    def as_expected(self) -> bool:
        return self.pattern.killed_by_the_second and self.fixed.survived


def reproduce(catalog: Catalog) -> SignalResetResult:
    """Build, run, compare. Raises NotRun, PlatformError."""
    started = time.monotonic()
    with scratch() as folder:
        subject = catalog.subject("c")
        compiler, edit = _compiler(), read_file(catalog.root / FAULT, Edit)
        healthy = built_here(subject, folder / "healthy", {"CC": compiler.command})
        pattern, zero, chance, fixed = (
            _result(catalog, _variant(healthy, folder / str(number), variant, compiler, edit), variant)
            for number, variant in enumerate(_variants(compiler))
        )
        luck = try_luck(catalog.root / "chat" / "faults" / "sa_flags.c", folder, PATTERN)
    return SignalResetResult(pattern, zero, chance, fixed, luck, compiler.command, time.monotonic() - started)


def _variants(compiler: InitializingCompiler) -> tuple[Variant, Variant, Variant, Variant]:
    """The fixed server is built with the pattern too: that its stack is dirty does not matter to it."""
    return (
        Variant("stack filled with a pattern", True, PATTERN),
        Variant("stack filled with zeros", True, compiler.zero),
        Variant("stack as it was", True, ""),
        Variant("fixed, stack filled with a pattern", False, PATTERN),
    )


def _variant(healthy: Subject, folder: Path, variant: Variant, compiler: InitializingCompiler, edit: Edit) -> Subject:
    """A copy of the built server with the source as the variant wants it, compiled anew."""
    shutil.copytree(healthy.folder, folder)
    if variant.faulty:
        apply_edit(edit, folder, FAULT.stem, str(FAULT))
    else:
        (folder / edit.file).touch()  # newer than its object, so that it is compiled with the variant's flags
    subject = replace(healthy, folder=folder)
    build_again(subject, {"CC": compiler.command, "CFLAGS": f"-O2 {variant.flags}"})
    return subject


def _result(catalog: Catalog, subject: Subject, variant: Variant) -> VariantResult:
    platform = catalog.platform("local")
    driver = Drivers().for_platform(platform)
    if reason := driver.available():
        raise NotRun(reason)
    with staged(platform, subject, driver, catalog.suite) as stage:
        return VariantResult(variant, stage.ask(Messages, "messages", "ipv4", *TEXTS))


def _compiler() -> InitializingCompiler:
    """The first compiler at hand that fills the stack. Raises NotRun that says what to install."""
    at_hand = [command for command in COMPILERS if shutil.which(command)]
    if not at_hand or not shutil.which("make"):
        lacking = " and ".join(tool for tool in ("cc", "make") if not shutil.which(tool))
        raise NotRun(f"no {lacking} on PATH here: install gcc 12 or newer, or clang, and make")
    for command in at_hand:
        for zero in (ZERO, CLANG_ZERO):
            if _takes(command, PATTERN) and _takes(command, *zero.split()):
                return InitializingCompiler(command, zero)
    raise NotRun(f"none of {', '.join(at_hand)} knows {PATTERN}: install gcc 12 or newer, or clang")


def _takes(command: str, *flags: str) -> bool:
    try:
        return (
            subprocess.run(
                [command, *flags, "-x", "c", "-fsyntax-only", "-"],
                input=b"int x;\n",
                check=False,
                capture_output=True,
                timeout=COMPILE_SECONDS,
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
