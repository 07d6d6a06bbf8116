"""What servers run under: strace for real, and a double of truss, which stays their parent as truss(1) does."""

import shutil
import sys
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.trace.checker import culprit, findings

TRUSS = """\
#!{python}
import os, signal, sys
record = open(sys.argv[sys.argv.index("-o") + 1], "w")
command = sys.argv[sys.argv.index("-o") + 2:]
child = os.fork()
if child == 0:
    os.execvp(command[0], command)
status = os.waitpid(child, 0)[1]
if os.WIFSIGNALED(status):
    print(f"{{child:5d}}: process killed, signal = {{os.WTERMSIG(status)}}", file=record, flush=True)
else:
    print(f"{{child:5d}}: process exit, rval = {{os.WEXITSTATUS(status)}}", file=record, flush=True)
"""


def start(catalog: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The records of a Python server that was started under the tracer at hand, served one client, and was stopped."""
    from support.launcher import Launcher
    from support.subject import Ready, Subject
    from support.tool import find_tool

    chat = catalog.subject("python")
    subject = Subject(
        "python",
        chat.folder,
        chat.start,
        dict(chat.binds),
        Ready("line", chat.ready.what, True),
        "chat",
        "SIGTERM",
        promises={"ipv4": {"at_once": True}},
    )
    tool = find_tool("trace")
    assert tool.missing == ""
    launcher = Launcher(subject, "ipv4", folder, tool)
    server = launcher()
    with server.client() as client:
        client.send("hello")
        assert client.receive() == "hello"
    assert server.stop() == 0
    launcher.end()
    return list(launcher.records())


@pytest.mark.usefixtures("support")
def test_strace_writes_down_every_process_to_its_end(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("strace"):
        pytest.skip("no strace here")
    (record,) = start(catalog, tmp_path, monkeypatch)
    assert "bind(" in record
    assert record.count(" +++\n") == 3


@pytest.mark.usefixtures("support")
def test_under_truss_the_server_is_its_child(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals for the server reach it, not truss; this double writes the last line of the real one alone."""
    for name in ("python3", "ps", "true"):
        if found := shutil.which(name):
            (tmp_path / name).symlink_to(found)
    (tmp_path / "truss").write_text(TRUSS.format(python=sys.executable))
    (tmp_path / "truss").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (record,) = start(catalog, tmp_path, monkeypatch)
    assert record.strip().endswith(": process exit, rval = 0")


@pytest.mark.usefixtures("support")
def test_a_tool_that_is_not_there_or_does_not_work_has_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.tool import find_tool

    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_tool("trace").missing == "no strace or truss on PATH"
    (tmp_path / "strace").write_text("#!/bin/sh\necho 'strace: ptrace: Operation not permitted' >&2; exit 1\n")
    (tmp_path / "strace").chmod(0o755)
    assert find_tool("trace").missing == "strace is of no use: strace: ptrace: Operation not permitted"


VALGRIND = """\
==12== Syscall param rt_sigaction(act->sa_flags) points to uninitialised byte(s)
==12==    at 0x48F9DE4: __libc_sigaction (libc_sigaction.c:58)
==12==    by 0x10B1F5: dispose (signals.c:33)
==12==    by 0x10B2AA: main (server.c:9)
==12==  Uninitialised value was created by a stack allocation
==12==    at 0x10B1B0: dispose (signals.c:24)
"""
SANITIZER = """\
==7==WARNING: MemorySanitizer: use-of-uninitialized-value
    #0 0x55aa in key_read /w/c/key.c:46:6
  Uninitialized value was created by an allocation of 'status' in the stack frame of function 'key_read'
Uninitialized bytes in read_sigaction at offset 0 inside [0x7ffe, 4)
==7==WARNING: MemorySanitizer: use-of-uninitialized-value
    #0 0x55bb in dispose /w/c/signals.c:31:9
  Uninitialized value was created by an allocation of 'action.i' in the stack frame of function 'main'
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            VALGRIND,
            "signals.c:33 in dispose: Syscall param rt_sigaction(act->sa_flags) points to uninitialised byte(s)",
        ),
        (SANITIZER, "signals.c:31 in dispose: use of an uninitialised value: action"),
        (
            "==1== Conditional jump or move depends on uninitialised value(s)\n",
            "Conditional jump or move depends on uninitialised value(s)",
        ),
        ("", ""),
        ("==1== \n" * 1000, ""),
    ],
)
def test_a_checkers_words_in_one_line(text: str, said: str) -> None:
    assert culprit(text) == said


TWICE = (
    VALGRIND
    + """\
==12== Conditional jump or move depends on uninitialised value(s)
==12==    at 0x10B2F5: look (input.c:40)
==12==
"""
    + VALGRIND
    + """\
==12== Syscall param write(buf) points to uninitialised byte(s)
==12==    at 0x48F9DE4: write (in /lib/libc.so)
"""
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            TWICE,
            (
                "signals.c:33 in dispose: Syscall param rt_sigaction(act->sa_flags) points to uninitialised byte(s)",
                "input.c:40 in look: Conditional jump or move depends on uninitialised value(s)",
            ),
        ),
        (SANITIZER, ("signals.c:31 in dispose: use of an uninitialised value: action",)),
        ("", ()),
    ],
)
def test_each_place_is_a_finding_once_and_what_has_no_place_is_none(text: str, said: tuple[str, ...]) -> None:
    assert findings(text) == said


@pytest.mark.usefixtures("support")
def test_a_tracer_that_runs_a_program_and_sees_nothing_of_it_is_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As strace does where ptrace(2) is not there: under QEMU user emulation."""
    from support.tool import find_tool

    (tmp_path / "strace").write_text("#!/bin/sh\nexec true\n")
    (tmp_path / "strace").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_tool("trace").missing == "strace is of no use: it sees no call"
