"""Facts: how a descriptor gets its flags."""

import subprocess

from support.compiler import helper
from support.loopback import need_loopback
from support.net import errno_name


def test_flags_from_the_start(fact, work):
    """Can a descriptor be made with FD_CLOEXEC set, so that no fork and exec comes between?

    POSIX has accept4, pipe2 and SOCK_CLOEXEC since 2024. Linux, FreeBSD, NetBSD and OpenBSD have had them for long,
    macOS has none (bsd/kern/syscalls.master of xnu): there fcntl(2) sets the flag afterwards. Measured with a C program
    that looks the functions up.
    """
    need_loopback()
    lines = subprocess.run([helper(work, "born")], capture_output=True, text=True, check=True, timeout=10).stdout
    answers = dict(line.split() for line in lines.splitlines())
    fact("descriptors.born_with_flags", {name: in_words(answer) for name, answer in answers.items()})


def in_words(answer: str) -> str:
    """A number is an errno's."""
    return errno_name(OSError(int(answer), "")) if answer.isdigit() else answer
