"""A session of its own for the server, and the process that stays in front of it.

kill(0, …) reaches the process group of the caller. In a session of its own the server is alone in its group.
setsid(2) refuses a process group leader: one that leads its session too stays as it is, another one forks once. A
daemon forks in any case.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable

from chatlib.common.errors import ServiceError
from chatlib.common.io import STDERR, STDIN, STDOUT, write_all
from chatlib.common.report import Reporter
from chatlib.server.wakeup import ENDING, Wakeup

Serve = Callable[["Front"], int]
"""The server: gets the process in front of it, returns the exit status."""


class Front:
    """The server's side of the process in front, if there is one."""

    def __init__(self, *, ready: int | None = None, life: int | None = None) -> None:
        """Take the pipe to which a daemon writes its *ready* line and the one whose EOF means that the front died."""
        self._ready = ready
        self.life = life

    def announce(self, line: bytes, report: Reporter) -> None:
        """Print *line* on stdout, where need be through the process in front; then a daemon detaches. OSError."""
        if self._ready is None:
            write_all(STDOUT, line)
            return
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for standard in (STDIN, STDOUT, STDERR):
            os.dup2(null, standard)
        os.close(null)
        report.use_syslog()
        write_all(self._ready, line)
        os.close(self._ready)
        self._ready = None


def run_in_own_session(serve: Serve, *, daemon: bool, report: Reporter) -> int:
    """Run *serve* as the leader of a new session and return the exit status, or, in front of a daemon, 0."""
    if daemon:
        return _in_front_of_daemon(serve, report)
    if os.getsid(0) == os.getpid():
        return serve(Front())
    if os.getpgrp() != os.getpid():
        os.setsid()
        return serve(Front())
    return _in_front_of_server(serve, report)


def _in_front_of_daemon(serve: Serve, report: Reporter) -> int:
    """Print the ready line that the daemon sends; without one return its exit status: it reported why on stderr."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _serve_as_leader(serve, Front(ready=writer), report)
    os.close(writer)
    line = b""
    while chunk := os.read(reader, 4096):
        line += chunk
    if not line:
        return _exit_status(os.waitpid(pid, 0)[1])
    write_all(STDOUT, line)
    return 0


def _in_front_of_server(serve: Serve, report: Reporter) -> int:
    """Pass SIGTERM, SIGINT and SIGHUP on to the server and return its exit status."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, signal.SIGCHLD))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writer)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*ENDING, signal.SIGCHLD))
        _serve_as_leader(serve, Front(life=reader), report)
    os.close(reader)
    # nohup leaves SIGHUP ignored, and means it.
    passed_on = [number for number in ENDING if number != signal.SIGHUP or not _is_ignored(number)]
    wakeup = Wakeup([*passed_on, signal.SIGCHLD])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*ENDING, signal.SIGCHLD))
    poll = select.poll()
    poll.register(wakeup.fileno(), select.POLLIN)
    while True:
        for number in wakeup.drain():
            if number != signal.SIGCHLD:
                os.kill(pid, number)
        # As PID 1 of a container the front adopts strangers: it reaps them and waits for its own.
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == pid:
            return _exit_status(status)
        if not ended:
            poll.poll()


def _serve_as_leader(serve: Serve, front: Front, report: Reporter) -> None:
    """Be the server; never returns into the code of the process in front."""
    status = 1
    try:
        os.setsid()
        status = serve(front)
    except ServiceError as error:
        report.line(str(error))
    except BaseException as error:  # whatever it is, the front must not run twice
        report.line(f"{type(error).__name__}: {error}")
    finally:
        os._exit(status)


def _exit_status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        raise ServiceError(f"the server was killed by signal {-code}")
    return code


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) == signal.SIG_IGN
