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
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.drivers.registry import Drivers
from anyunix.errors import NotRun
from anyunix.host.scratch import scratch
from anyunix.repro.answers import Messages
from anyunix.repro.luck import Luck, try_luck
from anyunix.repro.stage import build_again, built_here, staged

SOURCE = Path("c", "signals.c")
HEALTHY = """\
	memset(&action, 0, sizeof action);
	action.sa_handler = disposition;
	action.sa_flags = number == SIGCHLD ? SA_NOCLDSTOP : 0;
"""
FAULTY = """\
	action.sa_handler = disposition;
	if (number != SIGUSR1 || disposition == SIG_IGN)
		action.sa_flags = number == SIGCHLD ? SA_NOCLDSTOP : 0;
"""
ZERO = "-ftrivial-auto-var-init=zero"
CLANG_ZERO = f"{ZERO} -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang"
"""What clang before 16 wants to hear."""
COMPILERS = ("cc", "gcc", "clang")
COMPILE_SECONDS = 20.0
TEXTS = ("one", "two", "three")


@dataclass(frozen=True)
class Compiler:
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
class Told:
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
class Found:
    """The story as it went."""

    pattern: Told
    zero: Told
    chance: Told
    fixed: Told
    luck: Luck
    compiler: str
    seconds: float

    @property
    def as_expected(self) -> bool:
        return self.pattern.killed_by_the_second and self.fixed.survived


def tell(catalog: Catalog) -> Found:
    """Build, run, compare. Raises NotRun, PlatformError."""
    started = time.monotonic()
    with scratch() as folder:
        subject = catalog.subject("c")
        compiler = _compiler()
        healthy = built_here(subject, folder / "healthy", {"CC": compiler.command})
        pattern, zero, chance, fixed = (
            _told(catalog, _variant(healthy, folder / str(number), variant, compiler), variant)
            for number, variant in enumerate(_variants(compiler))
        )
        luck = try_luck(catalog.root / "chat" / "faults" / "sa_flags.c", folder, PATTERN)
    return Found(pattern, zero, chance, fixed, luck, compiler.command, time.monotonic() - started)


def with_fault(source: str) -> str:
    """The server's signals.c with the paper's bug. Raises NotRun when the place is not there exactly once."""
    count = source.count(HEALTHY)
    if count != 1:
        raise NotRun(f"{SOURCE} has changed: the place for the bug is there {count} times, not once")
    return source.replace(HEALTHY, FAULTY)


def _variants(compiler: Compiler) -> tuple[Variant, Variant, Variant, Variant]:
    """The fixed server is built with the pattern too: that its stack is dirty does not matter to it."""
    return (
        Variant("stack filled with a pattern", True, PATTERN),
        Variant("stack filled with zeros", True, compiler.zero),
        Variant("stack as it was", True, ""),
        Variant("fixed, stack filled with a pattern", False, PATTERN),
    )


def _variant(healthy: Subject, folder: Path, variant: Variant, compiler: Compiler) -> Subject:
    """A copy of the built server with signals.c as the variant wants it, compiled anew."""
    shutil.copytree(healthy.folder, folder)
    subject = replace(healthy, folder=folder)
    source = (folder / SOURCE).read_text()
    (folder / SOURCE).write_text(with_fault(source) if variant.faulty else source)  # newer than its object either way
    build_again(subject, {"CC": compiler.command, "CFLAGS": f"-O2 {variant.flags}"})
    return subject


def _told(catalog: Catalog, subject: Subject, variant: Variant) -> Told:
    platform = catalog.platform("local")
    driver = Drivers().for_platform(platform)
    if reason := driver.available():
        raise NotRun(reason)
    with staged(platform, subject, driver, catalog.suite) as stage:
        return Told(variant, stage.ask(Messages, "messages", "ipv4", *TEXTS))


def _compiler() -> Compiler:
    """The first compiler at hand that fills the stack. Raises NotRun that says what to install."""
    at_hand = [command for command in COMPILERS if shutil.which(command)]
    if not at_hand or not shutil.which("make"):
        lacking = " and ".join(tool for tool in ("cc", "make") if not shutil.which(tool))
        raise NotRun(f"no {lacking} on PATH here: install gcc 12 or newer, or clang, and make")
    for command in at_hand:
        for zero in (ZERO, CLANG_ZERO):
            if _takes(command, PATTERN) and _takes(command, *zero.split()):
                return Compiler(command, zero)
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
