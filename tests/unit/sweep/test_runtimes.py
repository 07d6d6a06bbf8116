"""anyunix/sweep/runtimes.py: what an interpreter or Go's runtime calls by itself is not the server's doing."""

from anyunix.sweep.runtimes import without_runtime
from anyunix.sweep.sites import sites_in
from anyunix.trace.records import Record

INTERPRETED = """\
7 execve("/usr/bin/node", ["node", "s.js", "80"], 0x7f /* 3 vars */) = 0
7 pipe2([3, 4], O_CLOEXEC) = 0
8 pipe2([5, 6], O_CLOEXEC) = 0
7 openat(AT_FDCWD, "/probe/log", O_WRONLY|O_APPEND) = 7
7 openat(AT_FDCWD, "/lib/s.js", O_RDONLY) = -1 ENOENT (No such file or directory)
7 pipe2([8, 9], O_CLOEXEC) = 0
7 openat(AT_FDCWD, "/payload/subject/s.js", O_RDONLY|O_CLOEXEC) = 10
7 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 11
7 bind(11, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
7 accept4(11, NULL, NULL, 0) = 12
"""
IN_GO = """\
7 openat(AT_FDCWD, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", O_RDONLY) = 3
7 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 3
7 setsockopt(3, SOL_IPV6, IPV6_V6ONLY, [0], 4) = 0
7 bind(3, {sa_family=AF_INET6, sin6_port=htons(0), inet_pton(AF_INET6, "::ffff:127.0.0.1", &sin6_addr)}, 28) = 0
7 socket(AF_INET6, SOCK_STREAM, IPPROTO_IP) = 3
7 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
7 pipe2([4, 5], O_NONBLOCK|O_CLOEXEC) = 0
7 pipe2([6, 7], O_NONBLOCK|O_CLOEXEC) = 0
7 bind(3, {sa_family=AF_INET6, sin6_port=htons(80), inet_pton(AF_INET6, "::", &sin6_addr)}, 28) = 0
7 accept4(3, NULL, NULL, SOCK_CLOEXEC) = 8
"""


def apart(text: str, *start: str) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """What is the server's own, with its places, and what is the runtime's."""
    record = Record("probe", "strace", "", False, "/probe", (text,))
    own, runtime = without_runtime(sites_in(record, "SIGTERM")[0], record, start)
    return {site.text: site.places for site in own}, [site.text for site in runtime]


def test_what_comes_before_the_script_is_the_interpreters() -> None:
    own, runtime = apart(INTERPRETED, "node", "s.js", "{port}")
    assert runtime == ["pipe()"]
    assert list(own) == ["open(log, O_APPEND|O_WRONLY)", "socket(SOCK_STREAM)", "bind(socket, 0.0.0.0:port)"]


def test_a_call_that_the_server_makes_as_well_is_left_where_that_makes_it() -> None:
    text = INTERPRETED.replace("7 socket(", "7 pipe2([8, 9], O_CLOEXEC) = 0\n7 socket(", 1)
    own, runtime = apart(text, "node", "s.js", "{port}")
    assert runtime == []
    assert own["pipe()"] == (3,)


def test_a_program_that_opens_no_script_has_no_runtime() -> None:
    own, runtime = apart(INTERPRETED, "./server", "-s.js", "{work}/s.js")
    assert runtime == []
    assert "pipe()" in own


def test_what_go_asks_before_it_listens_is_its_runtimes() -> None:
    own, runtime = apart(IN_GO, "./server")
    assert runtime == ["setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, [0])", "bind(socket, [::ffff:127.0.0.1]:port)"]
    assert own == {
        "socket(SOCK_STREAM)": (2,),
        "setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, [1])": (2,),
        "pipe()": (2,),
        "bind(socket, [::]:port)": (2,),
    }
    assert apart(IN_GO.replace("hpage_pmd_size", "enabled"), "./server")[1] == []
