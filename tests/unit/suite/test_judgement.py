"""suite/sweep/injections.py: whether a server that ended while starting has named what failed."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest


@dataclass
class Told:
    """Of an injection what a message is held against."""

    call: str
    error: str
    path: str = ""


@pytest.mark.parametrize(
    ("injection", "said", "named"),
    [
        (Told("openat", "EMFILE"), os.strerror(24), True),
        (Told("openat", "EMFILE"), "node: EMFILE: too much", True),
        (Told("openat", "EACCES", "server-1/my.conf"), "cannot use my.conf", True),
        (Told("accept4", "EPROTO"), "accept() went wrong", True),
        (Told("clone3", "EAGAIN"), "cannot fork", True),
        (Told("bind", "EADDRINUSE"), "port 80 is not to be had", True),
        (Told("read", "EIO", "server-1/my.conf"), "You MUST set a Port", False),
        (Told("openat", "EMFILE"), "", False),
    ],
)
def test_what_names_a_failure(injections: ModuleType, injection: Told, said: str, named: bool) -> None:
    assert injections.names_it(injection, said) is named


@pytest.mark.parametrize(("program", "may"), [(b"\x7fELF openlog\0syslog\0", True), (b"\x7fELF write\0", False)])
def test_who_may_log_is_told_by_its_program(injections: ModuleType, tmp_path: Path, program: bytes, may: bool) -> None:
    @dataclass
    class Subject:
        start: tuple[str, ...] = ("./server",)
        root: Path = tmp_path

    (tmp_path / "server").write_bytes(program)
    assert injections.may_log(Subject()) is may
    (tmp_path / "server").unlink()
    assert injections.may_log(Subject()) is False


@pytest.mark.parametrize(
    ("second", "another"),
    [
        ("8     read(6, 0x7ffe, 8192) = -1 EINTR (Interrupted system call) (INJECTED)", False),
        ("8     read(3, 0x7ffe, 832) = -1 EINTR (Interrupted system call) (INJECTED)", True),
        ('8     read(3, "", 832) = 0', False),
    ],
)
def test_a_program_that_it_has_happened_to_as_well(support: None, tmp_path: Path, second: str, another: bool) -> None:
    """socat's child was interrupted, and so was the dynamic loader of the cat(1) that it had started."""
    from support.injection import Injection
    from support.injector import StraceInjector

    first = "7     read(6, 0x55d, 8192) = -1 EINTR (Interrupted system call) (INJECTED)"
    (tmp_path / "calls").write_text(f"{first}\n{second}\n")
    injector = StraceInjector(Injection("x", "serving", "read", "EINTR", 1, False, "later"), tmp_path)
    assert injector.hit() == first
    assert injector.another() == (second if another else "")
