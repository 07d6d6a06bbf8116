"""Facts: which system this is: kernel, CPU, C library, Python, locale."""

import importlib.util
import locale
import os
import platform
import re
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path

from support.child import in_child
from support.deadline import Deadline

OPTIONAL_MODULES = ("ctypes", "ssl", "zlib", "sqlite3", "curses", "readline", "resource", "syslog")
WORDS_OF_64_BITS = ("64", "s390x", "alpha")


def test_kernel(fact):
    """Which kernel is it?

    POSIX uname. In a container it is the host's, whatever the userland is.
    """
    system = os.uname()
    fact("system.name", system.sysname)
    fact("system.release", system.release)


def test_cpu(fact):
    """Which CPU, and do kernel and programs have the same word size?

    POSIX uname leaves the machine's name open, and speaks of the kernel: a 32-bit container on a 64-bit one still says
    x86_64 unless started under linux32, so build scripts that believe it go wrong.
    """
    machine = platform.machine()
    fact("system.machine", machine)
    fact("system.byte_order", sys.byteorder)
    kernel_bits = 64 if any(word in machine for word in WORDS_OF_64_BITS) else 32
    fact("system.programs_are_as_wide_as_kernel", kernel_bits == struct.calcsize("P") * 8)


def test_usable_cpus(fact):
    """How many CPUs may this process use?

    sched_setaffinity(2) or cpuset(7) can leave fewer than the machine has; a container's quota of time is not seen.
    """
    fact("system.cpus", len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def test_c_library(fact):
    """Which C library do programs here use, and which version?

    No standard has it. glibc tells by confstr(3) (_CS_GNU_LIBC_VERSION), musl when its loader is run; the BSDs' and
    macOS' belongs to the system and has its version.
    """
    name, version = gnu_libc() or musl() or (f"{os.uname().sysname} libc", os.uname().release)
    fact("libc.name", name)
    fact("libc.version", version)


def test_python(fact):
    """Which Python runs the probes, and which optional modules does it lack?

    Probes need 3.10 and the standard library without these; trimmed builds leave out ctypes, ssl or zlib.
    """
    fact("python.version", platform.python_version())
    fact("python.implementation", platform.python_implementation())
    fact("python.lacks", [name for name in OPTIONAL_MODULES if not can_import(name)])


def test_types_of_python(fact):
    """How wide are the C types that this Python was built with?

    Python builds with large files on 32-bit systems (_FILE_OFFSET_BITS=64, feature_test_macros(7)), so its off_t is 8
    where C's default is 4; its time_t is the platform's.
    """
    fact(
        "python.bytes_of",
        {
            "pointer": struct.calcsize("P"),
            "long": struct.calcsize("l"),
            "off_t": sysconfig.get_config_var("SIZEOF_OFF_T"),
            "time_t": sysconfig.get_config_var("SIZEOF_TIME_T"),
        },
    )


def test_locale(fact):
    """Which character set has the C locale, and which UTF-8 locales are there?

    POSIX C locale: one byte a character, the set's name is free: ANSI_X3.4-1968 (glibc), ASCII (musl), US-ASCII, 646.
    C.UTF-8 is there in glibc since 2.35 and musl; elsewhere a server that needs UTF-8 cannot count on a locale.
    """
    charset, there = in_child(locales_here)
    fact("locale.c_charset", charset)
    fact("locale.utf8", there)


def test_own_name_resolves(fact):
    """Can this machine resolve its own host name, without help from a name server?

    Nothing promises it (POSIX gethostname): Debian lists it in /etc/hosts (hosts(5)), Docker too, a network namespace
    of one's own and many BSDs do not. A server that logs its own name may wait for a DNS timeout; here it is given
    three seconds, and resolver(5) waits for five.
    """
    code = "import socket; print(flush=True); socket.getaddrinfo(socket.gethostname(), None)"
    command = [sys.executable, "-I", "-S", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as asking:
        assert asking.stdout
        asking.stdout.readline()  # the time begins where it asks: on a busy machine Python alone may take that long
        try:
            fact("system.own_name_resolves", asking.wait(Deadline(3.0).seconds) == 0)
        except subprocess.TimeoutExpired:
            fact("system.own_name_resolves", False)
            asking.kill()


def gnu_libc() -> tuple[str, str] | None:
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (ValueError, OSError):  # not a name here, or not two words
        return None
    return name, version


def musl() -> tuple[str, str] | None:
    """musl's loader, run by itself, says on stderr: `musl libc (x86_64)`, `Version 1.2.5`."""
    loader = next(Path("/lib").glob("ld-musl-*.so.1"), None)
    if loader is None:
        return None
    said = subprocess.run([loader], capture_output=True, text=True, timeout=10).stderr
    match = re.search(r"^Version (\S+)", said, re.MULTILINE)
    return ("musl", match[1]) if match else None


def can_import(name: str) -> bool:
    """Whether a module and what it is built upon are there: ctypes without libffi has a folder, but no _ctypes."""
    core = {"ctypes": "_ctypes", "ssl": "_ssl", "sqlite3": "_sqlite3", "curses": "_curses"}.get(name, name)
    return importlib.util.find_spec(core) is not None


def locales_here(channel) -> tuple[str, dict[str, bool]]:
    locale.setlocale(locale.LC_CTYPE, "C")
    charset = locale.nl_langinfo(locale.CODESET)
    return charset, {name: can_set(name) for name in ("C.UTF-8", "en_US.UTF-8")}


def can_set(name: str) -> bool:
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    return True
