"""An object inside of a server that changes what a call answers, or writes calls down, without a tracer: c/inject.c."""

import errno
import os
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.differences import Preload
from support.injection import CannotInject, Injection
from support.preload import with_object

LAYOUT = struct.Struct("=12i32s1024s")
"""`struct plan` of c/inject.h."""
ARMED, WHAT, FIRST, HITS, USED = 0, 2, 7, 10, 11
"""Places in it."""
NOTHING, RECORDED, FAILS, FAILS_AFTER, HALF, ONE = range(6)
KINDS = {"": 0, "client": 1, "pipe": 2, "file": 3}
WHO = {"first": 1, "children": 2, "later": 3, "threads": 4}
HIT_BYTES, RECORD_BYTES = 64 * 1024, 4 * 1024 * 1024
INJECTED = "(INJECTED)"
NUMBERED = re.compile(r"(?<== -1 )errno (\d+)")


class Plan:
    """The file that a server with the object inside has mapped."""

    def __init__(
        self, made: Path, file: Path, size: int, values: Sequence[int], call: str = "", path: str = ""
    ) -> None:
        """`made` is the object; `file` is made, with room for so many bytes of lines."""
        self._object, self._file = made, file
        self._file.write_bytes(LAYOUT.pack(*values, call.encode(), path.encode()))
        os.truncate(self._file, LAYOUT.size + size)
        self._file.chmod(0o666)  # a server may become another user before it calls exec
        self.wrapper = with_object(made, "ANYUNIX_INJECT", str(self._file))

    def __getitem__(self, place: int) -> int:
        with self._file.open("rb") as file:
            return int(LAYOUT.unpack(file.read(LAYOUT.size))[place])

    def __setitem__(self, place: int, value: int) -> None:
        with self._file.open("r+b") as file:  # mapped: it has to stay the same file
            file.seek(place * struct.calcsize("=i"))
            file.write(struct.pack("=i", value))

    def lines(self) -> list[str]:
        """What the object wrote."""
        with self._file.open("rb") as file:
            file.seek(LAYOUT.size)
            text = file.read(max(self[USED], 0)).decode(errors="replace")
        return [NUMBERED.sub(_named, line) for line in text.splitlines() if "\0" not in line]

    def check(self, pid: int) -> None:
        """Raises CannotInject for a process without the object inside."""
        if reason := Preload((self._object,)).escaped(pid):
            raise CannotInject(reason)


class PreloadedInjector:
    """Makes an injection happen from inside of the server."""

    def __init__(self, injection: Injection, folder: Path, made: Path | str) -> None:
        """`folder` is the probe's, below which the server's files are; `made` the object, or why there is none.
        Raises CannotInject.
        """
        if isinstance(made, str):
            raise CannotInject(f"no call can be changed from inside of a server here: {made}")
        self._injection = injection
        self._plan = plan_of(injection, folder, made)

    @property
    def wrapper(self) -> tuple[str, ...]:
        return self._plan.wrapper

    @property
    def beforehand(self) -> tuple[str, ...]:
        return self._plan.wrapper

    @contextmanager
    def attached(self, first: int, children: Sequence[int]) -> Iterator[None]:
        if self._injection.who == "children" and not children:
            raise CannotInject("the process that makes this call is not there this time")
        for pid in (first, *children):
            self._plan.check(pid)
        self._plan[FIRST] = first
        self._plan[ARMED] = 1
        try:
            yield
        finally:
            self._plan[ARMED] = 0

    def check(self, pid: int) -> None:
        if not self._plan[FIRST]:
            self._plan.check(pid)

    def lines(self) -> list[str]:
        return self._plan.lines()

    def hit(self) -> str:
        return next((line for line in self._plan.lines() if line.endswith(INJECTED)), "")

    def another(self) -> str:
        return ""  # one process gets what happens once

    def hits(self) -> int:
        return self._plan[HITS]


def plan_of(injection: Injection, folder: Path, made: Path) -> Plan:
    what = {"half": HALF, "one": ONE}.get(injection.error, FAILS_AFTER if injection.after else FAILS)
    number = 0 if injection.short else getattr(errno, injection.error)
    path = str(folder / injection.path) if injection.path else ""
    kind = KINDS["file" if path else injection.kind]
    armed = int(injection.phase == "starting")
    which = (injection.when, int(injection.lasting), WHO[injection.who], 0, kind)
    return Plan(
        made, folder / "injected", HIT_BYTES, (armed, armed, what, number, *which, 0, 0, 0), injection.call, path
    )


def _named(match: "re.Match[str]") -> str:
    return errno.errorcode.get(int(match[1]), match[0])
