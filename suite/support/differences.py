"""Documented behaviour of other systems that is switched on here: for the server of a contract, or all of a fact.

ANYUNIX_DIFFERENCES names a folder with `on.json`, a list of what each difference needs, for glibc and for musl, and
the C sources of what is preloaded; beside each source its object, once `switch_on.py` has compiled it.
"""

import json
import os
import resource
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

FOLDER_VARIABLE = "ANYUNIX_DIFFERENCES"
LIST = "on.json"
PRELOAD = "LD_PRELOAD"
PT_INTERP = 3


class NotSwitchedOn(Exception):
    """Why a difference is not on where it should be: nothing can be said about a server then."""


class Mechanism(Protocol):
    """A way in which differences are switched on for one command."""

    def in_front(self, wrapper: Sequence[str]) -> tuple[str, ...]:
        """What goes in front of the command: `wrapper`, with what this needs."""

    def before_exec(self) -> None:
        """What a process does to itself before it becomes the command, as the user that it has become."""

    def escaped(self, pid: int) -> str:
        """Why a process does not have it, though it should; empty for one that has, or is gone."""


@dataclass(frozen=True)
class Preload:
    """Objects in front of libc. ld.so(8): not in static programs, and in set-id ones only from trusted folders."""

    objects: tuple[Path, ...]

    def in_front(self, wrapper: Sequence[str]) -> tuple[str, ...]:
        ours = " ".join(map(str, self.objects))
        for place, word in enumerate(wrapper):
            if word.startswith(f"{PRELOAD}="):  # a probe's own object, which is to be called first
                return (*wrapper[:place], f"{word} {ours}", *wrapper[place + 1 :])
        others = os.environ.get(PRELOAD)
        return (*wrapper, "env", f"{PRELOAD}={f'{others} ' if others else ''}{ours}")

    def before_exec(self) -> None:
        pass

    def escaped(self, pid: int) -> str:
        try:
            maps = Path(f"/proc/{pid}/maps").read_text()
        except OSError:
            return ""
        if not maps or all(str(each) in maps for each in self.objects):
            return ""  # a zombie has none
        if not dynamic(Path(f"/proc/{pid}/exe")):
            return "it is linked statically, and nothing can be preloaded into it"
        return "it clears its environment or has rights of its own, and what should be preloaded is not in it"


@dataclass(frozen=True)
class Limits:
    """Resource limits, which hold for all that the command starts (setrlimit(2))."""

    values: Mapping[str, tuple[int, int]]
    """Name -> soft and hard limit."""

    def in_front(self, wrapper: Sequence[str]) -> tuple[str, ...]:
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


def switched_on() -> tuple[Mechanism, ...]:
    """What is on here, as the environment says; nothing without it. Raises NotSwitchedOn."""
    folder = Path(os.environ.get(FOLDER_VARIABLE, ""))
    wanted = wanted_here(folder) if (folder / LIST).is_file() else []
    objects = tuple(object_of(folder / each["preload"]) for each in wanted if each["preload"])
    if missing := [path.name for path in objects if not path.exists()]:
        raise NotSwitchedOn(f"{', '.join(missing)} was not built here")
    limits: dict[str, tuple[int, int]] = {}
    for each in wanted:
        for limit, value in each["limits"].items():
            soft, hard = value if isinstance(value, list) else (value, value)
            other_soft, other_hard = limits.get(limit, (soft, hard))
            limits[limit] = (min(soft, other_soft), min(hard, other_hard))
    return (*([Limits(limits)] if limits else []), *([Preload(objects)] if objects else []))


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


def command_under(mechanisms: Iterable[Mechanism], wrapper: Sequence[str] = ()) -> tuple[str, ...]:
    """What goes in front of a command that is to have all of them, behind `wrapper`."""
    front = tuple(wrapper)
    for mechanism in mechanisms:
        front = mechanism.in_front(front)
    return front


def check(mechanisms: Iterable[Mechanism], processes: Iterable[int]) -> None:
    """Raises NotSwitchedOn for processes that do not have all of them."""
    for pid in processes:
        for mechanism in mechanisms:
            if reason := mechanism.escaped(pid):
                raise NotSwitchedOn(reason)


def dynamic(program: Path) -> bool:
    """Whether a dynamic linker loads it: its ELF header names one (elf(5), PT_INTERP). True for what cannot be read."""
    try:
        with program.open("rb") as file:
            head = file.read(64)
            wide, order = head[4] == 2, "little" if head[5] == 1 else "big"

            def number(at: int, size: int) -> int:
                return int.from_bytes(head[at : at + size], order)  # type: ignore[arg-type]

            start = number(32, 8) if wide else number(28, 4)
            size, count = (number(54, 2), number(56, 2)) if wide else (number(42, 2), number(44, 2))
            file.seek(start)
            table = file.read(size * count)
    except (OSError, IndexError):
        return True
    return any(int.from_bytes(table[at : at + 4], order) == PT_INTERP for at in range(0, len(table), size))  # type: ignore[arg-type]
