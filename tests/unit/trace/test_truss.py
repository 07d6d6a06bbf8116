"""truss's output as truss(1) and its sources describe it, in the same form as strace's. No FreeBSD ran for this."""

import pytest

from anyunix.trace.align import align
from anyunix.trace.events import Event
from anyunix.trace.steps import steps_of
from anyunix.trace.strace import read_strace
from anyunix.trace.truss import read_truss

FREEBSD = """\
  700: mmap(0x0,135168,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANON,-1,0x0) = 34366529536 (0x800631000)
  700: open("/etc/libmap.conf",O_RDONLY|O_CLOEXEC,00) = 3 (0x3)
  700: read(3,"# $FreeBSD$\\n",1024)\t\t = 12 (0xc)
  700: close(3)\t\t\t\t\t = 0 (0x0)
  700: openat(AT_FDCWD,"/tmp/probe-x/chat.log",O_RDWR|O_APPEND|O_CREAT,0600) = 3 (0x3)
  700: flock(0x3,LOCK_EX)\t\t\t = 0 (0x0)
  700: close(3)\t\t\t\t\t = 0 (0x0)
  700: socket(PF_INET6,SOCK_STREAM,IPPROTO_TCP)\t = 3 (0x3)
  700: setsockopt(3,SOL_SOCKET,SO_REUSEADDR,0x7fffffffe8ac,4) = 0 (0x0)
  700: bind(3,{ AF_INET6 [::]:7007 },28)\t\t = 0 (0x0)
  700: listen(3,128)\t\t\t\t = 0 (0x0)
  700: sigaction(SIGUSR1,{ SIG_IGN 0x0 ss_t },0x0) = 0 (0x0)
  700: sigaction(SIGCHLD,{ 0x2034e0 SA_NOCLDSTOP ss_t },{ SIG_DFL 0x0 ss_t }) = 0 (0x0)
  700: sigprocmask(SIG_BLOCK,{ SIGTERM|SIGCHLD },{ })\t = 0 (0x0)
  700: pselect(4,{ 3 },0x0,0x0,0x0,{ })\t\t = 1 (0x1)
  700: accept(3,0x0,0x0)\t\t\t\t = 4 (0x4)
  701: <new process>
  700: fork()\t\t\t\t\t = 701 (0x2bd)
  701: accept(3,0x0,0x0)\t\t\t\t ERR#35 'Resource temporarily unavailable'
  701: bind(3,{ AF_INET 192.0.2.1:80 },16)\t ERR#48 'Address already in use'
  701: SIGNAL 30 (SIGUSR1) code=SI_USER pid=700 uid=0
  701: process killed, signal = 30
  700: wait4(-1,{ SIGNALED,sig=SIGUSR1 },WNOHANG,0x0) = 701 (0x2bd)
  700: process exit, rval = 0
"""


def texts(role: str) -> list[str]:
    return [step.text for step in steps_of(read_truss(FREEBSD), folder="/tmp/probe-x", chat=True)[role]]


def test_the_parent() -> None:
    assert texts("parent") == [
        "open(chat.log, O_APPEND|O_CREAT|O_RDWR)",
        "flock(chat.log, LOCK_EX)",
        "close(chat.log)",
        "socket(SOCK_STREAM)",
        "setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, …)",
        "bind(socket, [::]:port)",
        "listen(socket, SOMAXCONN)",
        "sigaction(SIGUSR1, SIG_IGN, 0)",
        "sigaction(SIGCHLD, handler, SA_NOCLDSTOP)",
        "sigprocmask(SIG_BLOCK, [CHLD TERM])",
        "sleeps",
        "accept(socket)",
        "fork() = RECV 1",
        "wait() = RECV 1",
        "exited with 0",
    ]


def test_the_child() -> None:
    assert texts("RECV 1") == ["bind(socket, address:port) EADDRINUSE", "SIGUSR1 comes", "killed by SIGUSR1"]


def test_it_is_compared_with_linux() -> None:
    linux = """\
5 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
5 bind(3, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
5 listen(3, 128) = 0
5 +++ exited with 0 +++"""
    freebsd = """\
    7: socket(PF_INET6,SOCK_STREAM,IPPROTO_TCP) = 3 (0x3)
    7: bind(3,{ AF_INET6 [::]:7007 },28) = 0 (0x0)
    7: listen(3,128) = 0 (0x0)
    7: process exit, rval = 0"""
    trace = align(
        steps_of(read_truss(freebsd), folder="/w", chat=False),
        steps_of(read_strace(linux), folder="/w", chat=False),
        "debian",
    )
    assert trace.first_process is not None
    assert [row for row in trace.first_process.rows if row.differs] == [trace.first_process.rows[1]]
    assert (trace.first_process.rows[1].here, trace.first_process.rows[1].there) == (
        "bind(socket, [::]:port)",
        "bind(socket, 0.0.0.0:port)",
    )


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (
            "12345: flock(0x3,LOCK_EX) ERR#4 'Interrupted system call'",
            Event(12345, "call", "flock", ("0x3", "LOCK_EX"), "-1", "EINTR"),
        ),
        (" 9: thr_new(0x0) ERR#9999 'Unknown error: 9999'", Event(9, "call", "thr_new", ("0x0",), "-1", "ERR#9999")),
        (" 9: process killed, signal = 77", Event(9, "end", "killed by signal 77")),
    ],
)
def test_forms(line: str, event: Event) -> None:
    assert read_truss(line) == [event]


@pytest.mark.parametrize("line", ["", "truss: can not attach", "9: <new process>", '9: read(3,"never', "\x1b[31m"])
def test_what_is_no_event_is_left_out(line: str) -> None:
    assert read_truss(line) == []


@pytest.mark.parametrize(
    "text",
    [
        f"7: close({'9' * 5000}) = {'9' * 5000} (0x9)",
        f"{'9' * 5000}: close(1) = 0",
        "7: close(²) = ² (0x2)",
        f"7: closefrom({'9' * 5000}) = 0",
        f'7: write(1,"[{"9" * 5000}]",9) = 9',
        "7: setpgid(²,²) = 0",
        "7: kill(²,²) = 0",
        "7: fork() = ²",
        "7: wait4(²) = ²",
        "7: process killed, signal = " + "9" * 5000,
        "7: pipe2(0x1234567,0) = 0",
    ],
    ids=lambda text: text[:20],
)
def test_numbers_that_are_none_are_no_traceback(text: str) -> None:
    for read, line in ((read_truss, text), (read_strace, text.replace("7: ", "7 ", 1))):
        assert isinstance(steps_of(read(line), folder="/w", chat=False), dict)
