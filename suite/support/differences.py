"""Documented behaviour of other systems that is switched on here: for the server of a contract, or all of a fact.

ANYUNIX_DIFFERENCES names a folder with `on.json`, a list of what each difference needs, for glibc and for musl, and
the C sources of what is preloaded; beside each source its object, once `switch_on.py` has compiled it.
"""

import json
import os
import re
import resource
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any, Protocol

from support.deadline import wait_until
from support.elf import Program, holds, read_program
from support.proc import PROC

FOLDER_VARIABLE = "ANYUNIX_DIFFERENCES"
LIST = "on.json"
PRELOAD = "LD_PRELOAD"
SPLITTERS = re.compile(r"[\s:]")
"""Where ld.so(8) splits LD_PRELOAD, with no way to quote them."""
ROOM = 2
"""Of a limit of processes the part that has to be free for the server: all of a user's count, whoever started them."""
CROWD = 32
"""In such parts: the most processes of a user that run beside a server and are added to its limit."""
LOADING_SECONDS = 1.0
"""For a process between its execve(2) and what its dynamic linker does."""


class NotSwitchedOn(Exception):
    """Why a difference is not on where it should be: nothing can be said about a server then."""


class Mechanism(Protocol):
    """A way in which differences are switched on for one command."""

    def in_front(self, wrapper: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
        """What goes in front of a command with that environment: `wrapper`, with what this needs."""

    def before_exec(self) -> None:
        """What a process does to itself before it becomes the command, as the user that it has become."""

    def escaped(self, pid: int) -> str:
        """Why a process does not have it, though it should; empty for one that has, or is gone."""


@dataclass(frozen=True)
class Preload:
    """Objects in front of libc. ld.so(8): not in static programs, and in set-id ones only from trusted folders."""

    objects: tuple[Path, ...]

    def in_front(self, wrapper: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
        """Into a shell in front as well: it is how the server is started."""
        ours = " ".join(map(str, self.objects))
        for place, word in enumerate(wrapper):
            if word.startswith(f"{PRELOAD}="):  # a probe's own object, which is to be called first
                return (*wrapper[:place], f"{word} {ours}", *wrapper[place + 1 :])
        others = environment.get(PRELOAD)
        given = f"{PRELOAD}={f'{others} ' if others else ''}{ours}"
        if tuple(wrapper[:1]) == ("strace",):  # not into strace, and no env(1) that it would write down and count
            return ("strace", "-E", given, *wrapper[1:])
        return ("env", given, *wrapper)  # valgrind stays with what it starts, and env(1) becomes another program

    def before_exec(self) -> None:
        pass

    def escaped(self, pid: int) -> str:
        try:
            maps = (PROC / str(pid) / "maps").read_text(errors="replace")
            program = program_of(pid)
        except PermissionError as error:
            return f"its memory map cannot be read ({error.strerror}), which takes the capability SYS_PTRACE"
        except OSError:
            return ""  # gone
        if maps and not all(str(each.resolve()) in maps for each in self.objects):  # a zombie has none
            return f"nothing can be preloaded into it: {why_not_preloaded(program)}"
        return "it is a Go program, which calls the kernel past libc" if program and program.go else ""


@dataclass(frozen=True)
class Files:
    """Files that libc reads, which lie on the platform already: another libc may not know of them."""

    paths: tuple[str, ...]

    def in_front(self, wrapper: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(wrapper)

    def before_exec(self) -> None:
        pass

    def escaped(self, pid: int) -> str:
        """Go reads none of them on any system, so there is nothing to miss."""
        try:
            program = program_of(pid)
            if program is None or program.go or program.interpreter == linker_here():
                return ""
            readers = [PROC / str(pid) / "exe", *([Path(program.interpreter)] if program.interpreter else [])]
            unread = [path for path in self.paths if not any(holds(reader, path) for reader in readers)]
        except OSError:
            return ""  # gone; or become another user, and what it was before that was looked at
        return f"it has a libc of its own, which does not read {', '.join(unread)}" if unread else ""


@dataclass(frozen=True)
class Limits:
    """Resource limits, which hold for all that the command starts (setrlimit(2))."""

    values: Mapping[str, tuple[int, int]]
    """Name -> soft and hard limit."""

    def in_front(self, wrapper: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(wrapper)

    def before_exec(self) -> None:
        """One that is lower already stays."""
        for name, limits in self.values.items():
            number = getattr(resource, f"RLIMIT_{name.upper()}")
            now = resource.getrlimit(number)
            soft, hard = (
                wanted if here == resource.RLIM_INFINITY else min(wanted, here)
                for wanted, here in zip(limits, now, strict=True)
            )
            resource.setrlimit(number, (soft, hard))

    def escaped(self, pid: int) -> str:
        return ""  # whoever may raise one is no other on the system that this is about


def switched_on(*, exactly: bool = False) -> tuple[Mechanism, ...]:
    """What is on here, as the environment says; nothing without it. Raises NotSwitchedOn.

    A limit of processes is for the server: what this user runs besides is added to it, unless it is to be kept
    `exactly`.
    """
    folder = Path(os.environ.get(FOLDER_VARIABLE, ""))
    wanted = wanted_here(folder) if (folder / LIST).is_file() else []
    objects = tuple(object_of(folder / each["preload"]) for each in wanted if each["preload"])
    if missing := [path.name for path in objects if not path.exists()]:
        raise NotSwitchedOn(f"{', '.join(missing)} was not built here")
    if objects and SPLITTERS.search(str(folder)):
        raise NotSwitchedOn(
            f"nothing can be preloaded from {str(folder)!r}: LD_PRELOAD is split at spaces and colons; "
            "set TMPDIR to a folder without any in its name"
        )
    limits: dict[str, tuple[int, int]] = {}
    for each in wanted:
        for limit, value in each["limits"].items():
            soft, hard = value if isinstance(value, list) else (value, value)
            other_soft, other_hard = limits.get(limit, (soft, hard))
            limits[limit] = (min(soft, other_soft), min(hard, other_hard))
    if "nproc" in limits:
        limits["nproc"] = beside_others(*limits["nproc"], most=1 if exactly else CROWD)
    files = tuple(sorted({path for each in wanted for path in each["files"]}))
    return (
        *([Preload(objects)] if objects else []),
        *([Files(files)] if files else []),
        *([Limits(limits)] if limits else []),
    )


def beside_others(soft: int, hard: int, most: int) -> tuple[int, int]:
    """A limit of processes that leaves a server at least half of `soft`, and no more than that. Raises NotSwitchedOn.

    All processes of a user count, in other containers as well (getrlimit(2), RLIMIT_NPROC).
    """
    part = soft // ROOM
    for parts in range(most):
        if has_room((parts + 1) * part):
            return soft + parts * part, hard + parts * part
    raise NotSwitchedOn(
        f"this user has more than {most * part} processes already, in this container or another, and they count: "
        f"of a limit of {soft} too little is left for the server"
    )


def has_room(processes: int) -> bool:
    """Whether this user may start one more process where so many are allowed. getrlimit(2): RLIMIT_NPROC counts all of
    a real user's, and does not bind root.
    """
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
            resource.setrlimit(resource.RLIMIT_NPROC, (processes, hard))
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


def wanted_here(folder: Path) -> list[dict[str, Any]]:
    """What each difference needs, for the libc that is here."""
    libc = "glibc" if is_glibc() else "musl"
    return [each[libc] for each in json.loads((folder / LIST).read_text())]


def object_of(source: Path) -> Path:
    return source.with_suffix(".so")


def is_glibc() -> bool:
    """confstr(3): a name of glibc's own."""
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (ValueError, OSError):
        return False


def command_under(
    mechanisms: Iterable[Mechanism], wrapper: Sequence[str] = (), environment: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """What goes in front of a command that is to have all of them: `wrapper`, with what they need."""
    front = tuple(wrapper)
    for mechanism in mechanisms:
        front = mechanism.in_front(front, environment)
    return front


def check(mechanisms: Sequence[Mechanism], processes: Iterable[int]) -> None:
    """Raises NotSwitchedOn for processes that do not have all of them."""
    for pid, mechanism in product(processes, mechanisms):
        if mechanism.escaped(pid):
            with suppress(TimeoutError):
                wait_until(partial(_inside, mechanism, pid), "the dynamic linker", LOADING_SECONDS)
            if reason := mechanism.escaped(pid):
                raise NotSwitchedOn(reason)


def _inside(mechanism: Mechanism, pid: int) -> bool:
    return not mechanism.escaped(pid)


def program_of(pid: int) -> Program | None:
    """What a process runs; None for what is no ELF program. Raises OSError."""
    return read_program(PROC / str(pid) / "exe")


@cache
def linker_here() -> str:
    """The dynamic linker of this platform's own programs, such as the Python that runs this. Raises OSError."""
    program = program_of(os.getpid())
    return program.interpreter if program else ""


def why_not_preloaded(program: Program | None) -> str:
    """For a program that nothing was preloaded into."""
    if program is None:
        return "it is no ELF program"
    if not program.interpreter:
        return "it is linked statically"
    if program.interpreter != linker_here():
        return f"{program.interpreter} loads it, and {linker_here()} what is preloaded"
    return "it clears its environment, or has rights of its own"
