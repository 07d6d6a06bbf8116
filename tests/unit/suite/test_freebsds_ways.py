"""FreeBSD's ways, as far as the suite has to know them: doubles of its tools, of its listen queue, of its process 1."""

import contextlib
import ctypes
import errno
import importlib.util
import os
import resource
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from anyunix.catalog.lookup import Catalog

PROCSTAT = """\
  PID COMM                FD T V FLAGS    REF  OFFSET PRO NAME
 4711 postgres: wal w    text v r r-------   -       - -   /usr/local/bin/postgres
 4711 postgres: wal w     cwd v d r-------   -       - -   /var/db/a folder with 9 words
 4711 postgres: wal w    root v d r-------   -       - -   /
 4711 postgres: wal w       0 v c rw------   1       0 -   /dev/null
 4711 postgres: wal w       1 p - rw------   1       0 -   -
 4711 postgres: wal w       2 v r -w-a----   2  123456 -   /tmp/errors 7 v r -w------
 4711 postgres: wal w       5 s - rw---n--   1       0 TCP 0.0.0.0:5432 0.0.0.0:0
 4711 postgres: wal w      12 k - rw------   1       0 -   -
"""
SYSCTL = """\
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

int sysctlnametomib(const char *name, int *mib, size_t *length)
{
	if (strcmp(name, "kern.proc.rlimit") != 0 || *length < 3) {
		errno = ENOENT;
		return -1;
	}
	mib[0] = 1, mib[1] = 14, mib[2] = 37;
	*length = 3;
	return 0;
}

int sysctl(const int *mib, unsigned count, void *old, size_t *length, const void *new, size_t given)
{
	if (count != 5 || mib[2] != 37 || *length != sizeof(struct rlimit) || (new != NULL && given != *length)) {
		errno = EINVAL;
		return -1;
	}
	return prlimit(mib[3], (enum __rlimit_resource)mib[4], new, old);
}
"""


class Listener:
    """FreeBSD's: every handshake is completed, and those whom the queue has no room for are reset later on."""

    def __init__(self, room: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._waiting, self._come = socket.socketpair()
        self._room = room
        self._queue: list[tuple[socket.socket, tuple[str, int]]] = []
        self.getsockname = self._listener.getsockname

    def fileno(self) -> int:
        """Readable while someone is in the queue; whoever has connected until now is in it, or reset."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._take(*self._listener.accept())
        return self._waiting.fileno()

    def _take(self, served: socket.socket, peer: tuple[str, int]) -> None:
        if self._room:
            self._room -= 1
            self._queue.append((served, peer))
            self._come.send(b"x")
        else:
            served.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            served.close()

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        self._waiting.recv(1)
        return self._queue.pop(0)

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *raised: object) -> None:
        for one in (self._listener, self._waiting, self._come):
            one.close()


@pytest.fixture(autouse=True)
def _suite(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The suite's support package importable, as it is on a platform."""
    monkeypatch.syspath_prepend(str(catalog.suite))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "support"]:
        del sys.modules[name]


def probes(catalog: Catalog, file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("probes_there", catalog.suite / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_backlog_admits_those_who_can_be_accepted(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = probes(catalog, "binding/test_listen_facts.py")
    real = facts.listen
    monkeypatch.setattr(facts, "listen", lambda *given, **named: Listener(2) if named else real(*given))
    measured: dict[str, object] = {}
    facts.test_full_backlog(measured.__setitem__)
    assert measured == {"listen.backlog_1_admits": 2, "listen.full_backlog": "ECONNRESET"}


@pytest.mark.parametrize(("asked", "zombie"), [(3, False), (sys.maxsize, True)])
def test_a_child_that_process_1_reaps_a_moment_later_is_no_zombie(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, asked: int, zombie: bool
) -> None:
    facts = probes(catalog, "signals/test_sigchld_facts.py")
    times = []

    def kill(pid: int, number: int) -> None:
        times.append(pid)
        if len(times) > asked:
            raise ProcessLookupError(errno.ESRCH, "")

    monkeypatch.setattr(facts.os, "kill", kill)
    monkeypatch.setattr(facts, "in_child", lambda function: ("ECHILD", function(None)[1]))
    monkeypatch.setattr(facts, "GONE_SECONDS", 0.2)
    monkeypatch.setattr(facts.signal, "signal", lambda *_: None)
    measured: dict[str, object] = {}
    facts.test_ignored_sigchld_leaves_no_zombies(measured.__setitem__)
    assert measured == {"sigchld.ignored_waitpid": "ECHILD", "sigchld.ignored_leaves_zombie": zombie}


def test_descriptors_by_procstat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from support import processes

    monkeypatch.setattr(processes, "PROC", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert processes.open_descriptors(4711) is None
    (tmp_path / "rows").write_text(PROCSTAT)
    (tmp_path / "procstat").write_text(
        f'#!/bin/sh\n[ "$*" = "-f 4711" ] || exit 1\nwhile IFS= read -r row; do echo "$row"; done <{tmp_path}/rows\n'
    )
    (tmp_path / "procstat").chmod(0o755)
    assert processes.open_descriptors(4711) == {0, 1, 2, 5, 12}
    assert processes.open_descriptors(4712) is None


def test_descriptors_by_proc() -> None:
    from support.processes import open_descriptors

    with open(os.devnull) as file:
        process = subprocess.Popen(["sleep", "600"], pass_fds=(file.fileno(),))
        try:
            assert open_descriptors(process.pid) == {0, 1, 2, file.fileno()}
        finally:
            process.kill()
            process.wait()
    assert open_descriptors(process.pid) is None


def test_limits_by_sysctl(tmp_path: Path) -> None:
    from support.limits import by_sysctl

    (tmp_path / "sysctl.c").write_text(SYSCTL)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", tmp_path / "sysctl.so", tmp_path / "sysctl.c"], check=True, timeout=20
    )
    libc = ctypes.CDLL(str(tmp_path / "sysctl.so"), use_errno=True)
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
            assert by_sysctl(libc, process.pid, resource.RLIMIT_NOFILE, (17, before[1])) == before
            assert by_sysctl(libc, process.pid, resource.RLIMIT_NOFILE) == (17, before[1])
            assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (17, before[1])
        finally:
            process.kill()
    with pytest.raises(OSError, match=rf"sysctl kern.proc.rlimit.{process.pid}") as caught:
        by_sysctl(libc, process.pid, resource.RLIMIT_NOFILE)
    assert caught.value.errno == errno.ESRCH
