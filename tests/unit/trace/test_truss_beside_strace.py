"""One server traced by truss on FreeBSD 14 and by strace on Linux: they part where the server does, and nowhere else.

truss's text is written by hand, after what it wrote on FreeBSD 14.0 and print_arg in its syscalls.c.
"""

import pytest

from anyunix.results.trace_model import ProcessTrace, Trace
from anyunix.trace.align import align
from anyunix.trace.steps import steps_of
from anyunix.trace.strace import read_strace
from anyunix.trace.truss import read_truss

ALL = (
    "SIGHUP|SIGINT|SIGQUIT|SIGILL|SIGABRT|SIGEMT|SIGFPE|SIGKILL|SIGBUS|SIGSEGV|SIGSYS|SIGPIPE|SIGALRM|SIGTERM|"
    "SIGURG|SIGSTOP|SIGTSTP|SIGCONT|SIGCHLD|SIGTTIN|SIGTTOU|SIGIO|SIGXCPU|SIGXFSZ|SIGVTALRM|SIGPROF|SIGWINCH|SIGINFO|"
    "SIGUSR1|SIGUSR2|SIGLIBRT"
)
"""What libthr blocks around a fork."""
FREEBSD = f"""\
  700: open("/etc/libmap.conf",O_RDONLY|O_CLOEXEC,00) = 3 (0x3)
  700: close(3)\t\t\t\t\t = 0 (0x0)
  700: sigaction(SIGTHR,{{ 0x820d34e0 SA_RESTART|SA_SIGINFO ss_t }},0x0) = 0 (0x0)
  700: getsid(0)\t\t\t\t\t = 650 (0x28a)
  700: setsid()\t\t\t\t\t = 700 (0x2bc)
  700: pipe2(0x820d324e0,0)\t\t\t = 0 (0x0)
  700: fcntl(3,F_SETFD,FD_CLOEXEC)\t\t\t = 0 (0x0)
  700: openat(AT_FDCWD,"/tmp/probe-a/chat.log",O_RDWR|O_NONBLOCK|O_APPEND|O_CREAT|O_NOCTTY|O_CLOEXEC,0600) = 5 (0x5)
  700: flock(5,LOCK_EX)\t\t\t\t = 0 (0x0)
  700: close(5)\t\t\t\t\t = 0 (0x0)
  700: socket(PF_INET6,SOCK_STREAM,IPPROTO_TCP)\t = 5 (0x5)
  700: setsockopt(5,SOL_SOCKET,SO_REUSEADDR,0x820d3238c,4) = 0 (0x0)
  700: fcntl(5,F_SETFL,O_RDWR|O_NONBLOCK)\t\t = 0 (0x0)
  700: bind(5,{{ AF_INET6 [::]:0 }},28)\t\t = 0 (0x0)
  700: listen(5,128)\t\t\t\t = 0 (0x0)
  700: sigaction(SIGTERM,{{ 0x820d35e0 SA_SIGINFO ss_t }},0x0) = 0 (0x0)
  700: ppoll(0x820d32330,1,0x0,{{ }})\t\t\t = 1 (0x1)
  700: accept(5,0x0,0x0)\t\t\t\t = 6 (0x6)
  700: sigprocmask(SIG_BLOCK,{{ {ALL} }},{{ }}) = 0 (0x0)
  701: <new process>
  700: fork()\t\t\t\t\t = 701 (0x2bd)
  700: sigprocmask(SIG_SETMASK,{{ }},0x0)\t\t = 0 (0x0)
  700: close(6)\t\t\t\t\t = 0 (0x0)
  701: sigprocmask(SIG_SETMASK,{{ }},0x0)\t\t = 0 (0x0)
  701: close(4)\t\t\t\t\t = 0 (0x0)
  701: setitimer(0,{{ 0.000000, 1.000000 }},0x0)\t = 0 (0x0)
  701: recvfrom(6,"HELLO \\^X9\\\\\\M-C\\M^@\\n",16384,0x0,NULL,0x0) = 12 (0xc)
  701: close(3)\t\t\t\t\t = 0 (0x0)
  701: SIGNAL 9 (SIGKILL) code=SI_USER pid=649 uid=0
  700: SIGNAL 9 (SIGKILL) code=SI_USER pid=649 uid=0
  700: process killed, signal = 9
"""
LINUX = r"""
20 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3
20 close(3)                          = 0
20 getsid(0)                         = 20
20 pipe2([3, 4], 0)                  = 0
20 fcntl(3, F_SETFD, FD_CLOEXEC)     = 0
20 openat(AT_FDCWD, "/tmp/probe-b/chat.log", O_RDWR|O_CREAT|O_NOCTTY|O_APPEND|O_NONBLOCK|O_CLOEXEC, 0600) = 5
20 flock(5, LOCK_EX)                 = 0
20 close(5)                          = 0
20 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 5
20 setsockopt(5, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
20 fcntl(5, F_SETFL, O_RDWR|O_NONBLOCK) = 0
20 bind(5, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
20 listen(5, 4096)                   = 0
20 rt_sigaction(SIGTERM, {sa_handler=0x55ac70777ff0, sa_mask=[], sa_flags=SA_RESTORER}, NULL, 8) = 0
20 ppoll([{fd=5, events=POLLIN}], 1, NULL, [], 8) = 1
20 accept(5, NULL, NULL)             = 6
20 rt_sigprocmask(SIG_BLOCK, ~[], [], 8) = 0
20 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 21
20 rt_sigprocmask(SIG_SETMASK, [], NULL, 8) = 0
20 close(6)                          = 0
21 rt_sigprocmask(SIG_SETMASK, [], NULL, 8) = 0
21 close(4)                          = 0
21 alarm(1)                          = 0
21 recvfrom(6, "HELLO \0309\\\303\200\n", 16384, 0, NULL, NULL) = 12
21 close(3)                          = 0
21 +++ killed by SIGKILL +++
20 +++ killed by SIGKILL +++
"""


def beside(freebsd: str, linux: str) -> Trace:
    return align(
        steps_of(read_truss(freebsd), folder="/tmp/probe-a", chat=True),
        steps_of(read_strace(linux), folder="/tmp/probe-b", chat=True),
        "debian",
    )


def parted(process: ProcessTrace) -> list[tuple[str, str]]:
    return [(row.here, row.there) for row in process.rows if row.differs]


def test_they_part_at_the_bind_and_nowhere_else() -> None:
    trace = beside(FREEBSD, LINUX)
    assert trace.first == "parent"
    assert [parted(process) for process in trace.processes] == [
        [("bind(socket, [::]:port)", "bind(socket, 0.0.0.0:port)")],
        [],
    ]


def test_a_server_that_does_the_same_parts_nowhere() -> None:
    assert beside(FREEBSD.replace("AF_INET6 [::]:0", "AF_INET 0.0.0.0:0"), LINUX).first == ""


def test_the_ends_of_a_pipe_are_known_though_truss_does_not_show_them() -> None:
    child = beside(FREEBSD, LINUX).processes[1]
    assert (child.rows[0].here, child.rows[3].here) == ("close(pipe to write)", "close(pipe to read)")


def test_an_option_that_both_tracers_show_is_compared() -> None:
    linux = LINUX.replace("SO_REUSEADDR, [1]", "SO_REUSEADDR, [0]")
    both = align(
        steps_of(read_strace(linux), folder="/tmp/probe-b", chat=True),
        steps_of(read_strace(LINUX), folder="/tmp/probe-b", chat=True),
        "debian",
    )
    assert parted(both.processes[0]) == [
        ("setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, [0])", "setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, [1])")
    ]


@pytest.mark.parametrize(
    ("truss", "strace"),
    [
        (r"\^X", r"\30"),
        (r"\^X7", r"\0307"),
        (r"\^?", r"\177"),
        (r"\M-a", r"\341"),
        (r"\M^A", r"\201"),
        (r"\a\b\t", r"\7\10\t"),
        (r"\\^X", r"\\^X"),
        (r"\0", r"\0"),
        ("plain", "plain"),
    ],
)
def test_what_cannot_be_printed_is_written_alike(truss: str, strace: str) -> None:
    assert read_truss(f'7: write(1,"{truss}",9) = 9 (0x9)') == read_strace(f'7 write(1, "{strace}", 9) = 9')
