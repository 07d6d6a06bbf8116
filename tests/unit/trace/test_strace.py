"""strace's output read: real ones of this machine, 64 and 32 bits, of real containers, and older versions' forms."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from anyunix.trace.events import Event, split_call
from anyunix.trace.steps import steps_of
from anyunix.trace.strace import read_strace

SOURCE = Path(__file__).with_name("traced.c")
PARENT = [
    "socket(SOCK_STREAM)",
    "socket(SOCK_STREAM)",
    "bind(socket, 127.0.0.1:port)",
    "listen(socket, 5)",
    "bind(socket, 127.0.0.1:port) EADDRINUSE",
    "close(socket)",
    "pipe()",
    "fork() = child 1",
    'read(pipe to read, "r")',
    "kill(child 1, SIGUSR1)",
    "kill(child 1, SIGUSR1)",
    "kill(child 1, SIGTERM)",
    "wait() = child 1",
    "fork() = child 2",
    "wait() = child 2",
    "exited with 3",
]
WRITTEN = r'write(the.log, "a \"quote\" and a (bracket\n")'


RESOLVED = """\
socket(AF_INET6, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP) = 3
socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3
bind(3, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 0
socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3
setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
bind(3, {sa_family=AF_INET6, sin6_port=htons(0), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::", &sin6_addr), \
sin6_scope_id=0}, 28) = 0
listen(3, 4096)                         = 0
socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 4
bind(4, {sa_family=AF_INET, sin_port=htons(40713), sin_addr=inet_addr("0.0.0.0")}, 16) = -1 EADDRINUSE (Address in use)
+++ exited with 0 +++
"""


def built(folder: Path, *command: str) -> Path:
    """The traced program, or a skip with the compiler's words."""
    if not shutil.which(command[0]) or not shutil.which("strace"):
        pytest.skip(f"no {command[0]} or no strace here")
    made = subprocess.run(
        [*command, "-w", "-D_GNU_SOURCE", "-o", str(folder / "traced"), str(SOURCE)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if made.returncode:
        pytest.skip(f"{' '.join(command)}: {made.stderr[-200:]}")
    return folder / "traced"


def traced(program: Path, folder: Path) -> str:
    record = folder / "record"
    done = subprocess.run(
        ["strace", "-f", "-q", "-s", "96", "-o", str(record), str(program), str(folder / "the.log")], timeout=30
    )
    assert done.returncode == 3
    return record.read_text()


@pytest.mark.parametrize("command", [("gcc",), ("gcc", "-m32"), ("clang",), ("musl-gcc",)], ids=" ".join)
def test_a_real_run_by_each_compiler_and_width(tmp_path: Path, command: Sequence[str]) -> None:
    text = traced(built(tmp_path, *command), tmp_path)
    found = {
        role: [step.text for step in steps if not step.soft]
        for role, steps in steps_of(read_strace(text), folder=str(tmp_path), chat=False).items()
    }
    assert list(found) == ["parent", "child 1", "child 2", "child 1.1"]
    assert found["parent"] == PARENT
    first = found["child 1"]
    assert first[0] == "sigaction(SIGUSR1, handler, SA_RESETHAND)"
    assert first[1:3] == ["fork() = child 1.1", "wait() = child 1.1"]
    assert first[3:8] == [
        "open(the.log, O_APPEND|O_CREAT|O_RDWR)",
        "flock(the.log, LOCK_EX)",
        WRITTEN,
        "flock(the.log, LOCK_UN)",
        "close(the.log)",
    ]
    assert first[8] == 'write(pipe to write, "r")'
    assert first[-1] in ("killed by SIGUSR1", "killed by SIGTERM")  # both were pending
    assert found["child 1.1"] == ["exited with 7"]


def test_chat_roles() -> None:
    lines = ["1 fork() = 2", "2 fork() = 4", "1 fork() = 3", "4 +++ killed by SIGUSR1 +++"]
    steps = steps_of(read_strace("\n".join(lines)), folder="/w", chat=True)
    assert [step.text for step in steps["parent"]] == ["fork() = RECV 1", "fork() = RECV 2"]
    assert [step.text for step in steps["SEND 1"]] == ["killed by SIGUSR1"]


def test_an_unfinished_call_counts_from_where_it_began() -> None:
    text = """\
10 flock(3, LOCK_EX <unfinished ...>
11 kill(10, SIGUSR1 <unfinished ...>
10 <... flock resumed>)              = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
10 --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=11, si_uid=0} ---
11 <... kill resumed>)               = 0
10 flock(3, LOCK_EX <unfinished ...>
10 <... flock resumed> )             = 0
10 read(4,  <unfinished ...>
10 +++ killed by SIGKILL +++
11 +++ exited with 0 +++"""
    assert read_strace(text) == [
        Event(10, "call", "flock", ("3", "LOCK_EX"), "-1", "EINTR"),
        Event(11, "call", "kill", ("10", "SIGUSR1"), "0"),
        Event(10, "signal", "SIGUSR1"),
        Event(10, "call", "flock", ("3", "LOCK_EX"), "0"),
        Event(10, "call", "read", ("4", "")),
        Event(10, "end", "killed by SIGKILL"),
        Event(11, "end", "exited with 0"),
    ]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (
            "[pid  7] accept4(3, NULL, NULL, SOCK_CLOEXEC) = -1 ECONNABORTED (Software caused connection abort) "
            "(INJECTED)",
            Event(7, "call", "accept4", ("3", "NULL", "NULL", "SOCK_CLOEXEC"), "-1", "ECONNABORTED"),
        ),
        (
            "7 socketcall(SYS_BIND, [3, {sa_family=AF_INET, sin_port=htons(0)}, 16]) = 0",
            Event(7, "call", "bind", ("3", "{sa_family=AF_INET, sin_port=htons(0)}", "16"), "0"),
        ),
        ("7 _llseek(3, 0, [0], SEEK_END) = 0", Event(7, "call", "_llseek", ("3", "0", "[0]", "SEEK_END"), "0")),
        (r'7 write(1, "a \"b\", (c\\", 9) = 9', Event(7, "call", "write", ("1", r'"a \"b\", (c\\"', "9"), "9")),
        ("7 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)", Event(7, "call", "fcntl", ("3", "F_GETFL"), "0x2")),
        ("7 +++ killed by SIGSEGV (core dumped) +++", Event(7, "end", "killed by SIGSEGV")),
        ("getpid() = 5", Event(0, "call", "getpid", (), "5")),
    ],
)
def test_forms(line: str, event: Event) -> None:
    assert read_strace(line) == [event]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "strace: Process 7 attached",
        "7 <... read resumed>) = 1",
        '7 write(1, "never',
        "\x00\x1b[31m",
        "7",
        "7 --- stopped by SIGSTOP ---",
        "9" * 5000,
    ],
)
def test_what_is_no_event_is_left_out(line: str) -> None:
    assert read_strace(line) == []


def test_the_resolvers_own_sockets_are_left_out() -> None:
    steps = steps_of(read_strace(RESOLVED), folder="/work", chat=False)["parent"]
    assert [step.text for step in steps] == [
        "socket(SOCK_STREAM)",
        "setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, [1])",
        "bind(socket, [::]:port)",
        "listen(socket, SOMAXCONN)",
        "socket(SOCK_STREAM)",
        "bind(socket, 0.0.0.0:port) EADDRINUSE",
        "exited with 0",
    ]


CHANCE = """\
{pid} openat(AT_FDCWD, "/tmp/probe-{name}/spool/tmp.{name}", O_RDWR|O_CREAT|O_EXCL, 0600) = 3
{pid} write(3, "[{pid}] 2026-11-27 20:5{digit}:04 /tmp/probe-{name}/a.sock /tmp/{name} {pid} of 4096", 70) = 70
{pid} close(3) = 0
{pid} mkdir("/tmp/probe-{name}/work{name}", 0700) = 0
{pid} openat(AT_FDCWD, "/tmp/probe-{name}/work{name}/the.log", O_WRONLY|O_CREAT, 0600) = 3
{pid} openat(AT_FDCWD, "/tmp/probe-{name}/server.{pid}.pid", O_WRONLY|O_CREAT, 0600) = 4
{pid} write(4, "{pid}\\n", 6) = 6
{pid} openat(AT_FDCWD, "/tmp/probe-{name}/spool/tmp.{name}", O_RDONLY) = 5
{pid} setpgid({pid}, 0) = 0
{pid} +++ exited with 0 +++
"""


def test_numbers_of_processes_temporary_names_and_times_are_no_difference() -> None:
    one, other = (
        [
            step.text
            for step in steps_of(
                read_strace(CHANCE.format(pid=pid, name=name, digit=digit)), folder=f"/tmp/probe-{name}", chat=False
            )["parent"]
        ]
        for pid, name, digit in ((31337, "a8Xk2p", 6), (42042, "ZZtop9", 7))
    )
    assert one == other
    assert one == [
        "open(spool/tmp.…, O_CREAT|O_EXCL|O_RDWR)",
        'write(spool/tmp.…, "[pid] time ./a.sock /tmp/… pid of 4096")',
        "close(spool/tmp.…)",
        "open(…/the.log, O_CREAT|O_WRONLY)",
        "open(server.pid.pid, O_CREAT|O_WRONLY)",
        'write(server.pid.pid, "pid\\n")',
        "open(spool/tmp.…, O_RDONLY)",
        "setpgid(parent, itself)",
        "exited with 0",
    ]


def test_a_short_number_is_a_process_only_where_it_is_told_to_be() -> None:
    text = '7 write(1, "7 of 7, pid 7, [7] HTTP/1.1 7", 9) = 9\n7 write(1, "7\\n", 2) = 2'
    said = [step.text for step in steps_of(read_strace(text), folder="/w", chat=False)["parent"]]
    assert said == ['write(stdout, "pid of 7, pid pid, [pid] HTTP/1.1 7")', 'write(stdout, "pid\\n")']


def test_a_call_that_does_not_close_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not close"):
        split_call("3, {a, b")
