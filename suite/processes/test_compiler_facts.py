"""Facts: the C compiler here, and what C programs get from it and from the C library."""

from concurrent.futures import ThreadPoolExecutor

from support.abi import abi
from support.compiler import need_compiler, preprocessed, refusal

MACROS = """
clang __clang_major__ __clang_minor__ __clang_patchlevel__ gcc __GNUC__ __GNUC_MINOR__ __GNUC_PATCHLEVEL__
"""
C_STANDARD = "__STDC_VERSION__"
AUTO_VAR_INIT = "-ftrivial-auto-var-init=pattern"
FEATURES = {
    "accept4": ("sys/socket.h", "accept4(0, 0, 0, 0)"),
    "pipe2": ("unistd.h", "pipe2((int[2]){0}, 0)"),
    "ppoll": ("poll.h", "ppoll(0, 0, 0, 0)"),
    "close_range": ("unistd.h", "close_range(3, 4, 0)"),
    "closefrom": ("unistd.h", "(closefrom(3), 0)"),
    "setproctitle": ("unistd.h", '(setproctitle("%s", ""), 0)'),
    "MSG_NOSIGNAL": ("sys/socket.h", "MSG_NOSIGNAL"),
    "SOCK_CLOEXEC": ("sys/socket.h", "SOCK_CLOEXEC"),
    "sa_len": ("sys/socket.h", "(int)((struct sockaddr *)0)->sa_len"),
    "strlcpy": ("string.h", '(int)strlcpy((char[2]){0}, "", 2)'),
}
"""What a C program may want -> the header it is in and an expression that uses it; compiled and linked, never run."""


def test_compiler(fact, work):
    """Which C compiler is `cc`, and which C is its default?

    POSIX c99 names the command, cc is custom. Defaults move: C17 since gcc 8, undeclared functions are errors since
    gcc 14 and clang 16, C23 since gcc 15.
    """
    need_compiler(work)
    words = preprocessed(work, MACROS).split()
    fact("compiler.name", name := "gcc" if words[1].startswith("__") else "clang")
    numbers = words[words.index(name) + 1 :][:3] if name == "gcc" else words[1:4]
    fact("compiler.version", ".".join(numbers))
    fact("compiler.c_standard", preprocessed(work, C_STANDARD))


def test_poisoned_variables(fact, work):
    """Can the compiler fill uninitialised variables with a pattern?

    -ftrivial-auto-var-init=pattern: gcc 12 and clang 8. It makes uninitialised sa_flags fail every time
    instead of sometimes.
    """
    need_compiler(work)
    source = "int main(void) { return 0; }\n"
    fact("compiler.takes_auto_var_init", refusal(work, source, "-Werror", AUTO_VAR_INIT) is None)


def test_features_of_the_c_library(fact, work):
    """Which functions and constants beyond POSIX.1-2008 can a C program use?

    No standard has them. glibc 2.34 and FreeBSD have close_range(2), musl not; the BSDs have setproctitle(3); the BSDs
    and macOS have sa_len; macOS lacks accept4, ppoll and SOCK_CLOEXEC. Judged by compiling and linking with
    _GNU_SOURCE, an undeclared function being an error.
    """
    need_compiler(work)
    with ThreadPoolExecutor(2) as pool:
        available = pool.map(lambda item: compiles(work, *item), FEATURES.items())
        fact("libc.has", dict(zip(FEATURES, available, strict=True)))


def test_setpgrp_signature(fact, work):
    """What does setpgrp take: nothing, as POSIX says, or a process and a group?

    POSIX setpgrp takes nothing. The headers of FreeBSD, NetBSD and OpenBSD still declare the old one with both, which
    is what setpgid is now; 9fans/plan9port#471 broke on it. setpgid(0, 0) means the same everywhere.
    """
    need_compiler(work)
    forms = {"nothing": ("unistd.h", "setpgrp()"), "process and group": ("unistd.h", "setpgrp(0, 0)")}
    fact("libc.setpgrp_takes", [form for form, use in forms.items() if compiles(work, form.split()[0], use)])


def test_c_types(fact, work):
    """How wide are C's types when a program asks for no feature, is char signed, and which byte comes first?

    POSIX leaves the widths open. glibc on i386 gives off_t and time_t 4 bytes unless _FILE_OFFSET_BITS and _TIME_BITS
    are 64 (feature_test_macros(7)); musl and the BSDs 8, but for the time_t of FreeBSD on i386, which has 4 (arch(7)).
    char is unsigned on ARM Linux, POWER and s390x.
    """
    values = abi(work)
    fact("c.bytes_of", {name: values[name] for name in ("int", "long", "pointer", "off_t", "time_t", "pid_t")})
    fact("c.char_is_signed", bool(values["char_is_signed"]))
    fact("c.byte_order", "little" if values["little_endian"] else "big")


def test_socket_addresses_in_c(fact, work):
    """Does sockaddr start with its length, and how long may the path of a Unix socket be?

    POSIX sys/socket.h orders no members. 4.4BSD's descendants have sa_len first (inet6(4)), so sa_family is one byte at
    offset 1; Linux and illumos do not. sun_path has 108 bytes on Linux (unix(7)) and illumos, 104 on the BSDs and macOS
    (unix(4)).
    """
    values = abi(work)
    fact("c.sa_family_offset", values["sa_family_offset"])
    fact("c.sun_path_bytes", values["sun_path"])


def compiles(work, name: str, use: tuple[str, str]) -> bool:
    header, expression = use
    source = f"#include <{header}>\n#include <stdlib.h>\nint main(void) {{ return {expression}; }}\n"
    flags = ("-D_GNU_SOURCE", "-Werror=implicit-function-declaration")
    return refusal(work, source, *flags, name=f"feature-{name}") is None
