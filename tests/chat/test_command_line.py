"""The command line of chat/PROTOCOL.md: options, exit statuses, messages, what start and end leave behind."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Peer, Program, Server

    Start = Callable[..., Program]
    StartServer = Callable[..., Server]
    Connect = Callable[..., Peer]
    Eventually = Callable[[Callable[[], bool], str], None]

KEY = "0123456789abcdef" * 8
FULL = ["--log", "LOG", "--key-file", "KEY"]


def with_paths(options: list[str], key_file: Path) -> list[str]:
    """Return *options* with LOG and KEY replaced by paths."""
    paths = {"LOG": str(key_file.with_name("chat.log")), "KEY": str(key_file)}
    return [paths.get(option, option) for option in options]


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--log", "LOG"],
        ["--key-file", "KEY"],
        [*FULL, "--nonsense"],
        [*FULL, "-x"],
        [*FULL, "operand"],
        [*FULL, "--port"],
        [*FULL, "--port="],
        [*FULL, "--port", "x"],
        [*FULL, "--port", "-1"],
        [*FULL, "--port", "+1"],
        [*FULL, "--port", "1x"],
        [*FULL, "--port", "65536"],
        [*FULL, "--port", "99999999999999999999"],
        [*FULL, "--bind", "any"],
        [*FULL, "--auth-timeout", "0"],
        [*FULL, "--auth-timeout", "3601"],
        [*FULL, "--auth-timeout", "1.5"],
        [*FULL, "--max-clients", "0"],
        [*FULL, "--max-clients", "10001"],
        [*FULL, "--max-waiting", "0"],
        [*FULL, "--max-waiting", "10001"],
        [*FULL, "--daemon=yes"],
        [*FULL, "--pid-file"],
    ],
    ids=lambda options: " ".join(options) or "none",
)
def test_bad_server_option(server_argv: list[str], key_file: Path, start: Start, options: list[str]) -> None:
    """A server with bad options ends with status 2, one line and the usage on stderr, and starts nothing."""
    finished = start([*server_argv, *with_paths(options, key_file)]).finish()
    assert (finished.status, finished.out) == (2, "")
    reason, usage = finished.err.split("\n", 1)
    assert reason.startswith("server: ")
    assert "usage" in usage.lower()
    assert "--log" in usage


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["127.0.0.1", "1"],
        ["--key-file", "KEY"],
        ["--key-file", "KEY", "127.0.0.1"],
        ["--key-file", "KEY", "127.0.0.1", "1", "2"],
        ["--key-file", "KEY", "127.0.0.1", "x"],
        ["--key-file", "KEY", "127.0.0.1", "0"],
        ["--key-file", "KEY", "127.0.0.1", "65536"],
        ["--key-file", "KEY", "--nonsense", "127.0.0.1", "1"],
        ["--key-file", "KEY", "--name", "a b", "127.0.0.1", "1"],
        ["--key-file", "KEY", "--name", "n" * 33, "127.0.0.1", "1"],
        ["--key-file", "KEY", "--since", "x", "127.0.0.1", "1"],
        ["--key-file", "KEY", "--since", "1" * 19, "127.0.0.1", "1"],
        ["--key-file", "KEY", "--retries", "-1", "127.0.0.1", "1"],
        ["--key-file", "KEY", "127.0.0.1", "1", "--retries"],
    ],
    ids=lambda options: " ".join(options) or "none",
)
def test_bad_client_option(client_argv: list[str], key_file: Path, start: Start, options: list[str]) -> None:
    """A client with bad options ends with status 2, one line and the usage on stderr."""
    finished = start([*client_argv, *with_paths(options, key_file)]).finish()
    assert (finished.status, finished.out) == (2, "")
    reason, usage = finished.err.split("\n", 1)
    assert reason.startswith("client: ")
    assert "usage" in usage.lower()


def break_key_file(path: Path, fault: str) -> None:
    """Give the key file at *path* one *fault*."""
    if fault == "missing":
        path.unlink()
    elif fault == "readable by the group":
        path.chmod(0o640)
    elif fault == "readable by others":
        path.chmod(0o604)
    elif fault == "a FIFO":
        path.unlink()
        os.mkfifo(path, 0o600)
    else:
        path.write_text({"short": KEY[1:], "long": KEY + "0", "two LF": KEY + "\n\n", "not hex": "g" + KEY[1:]}[fault])


FAULTS = ["missing", "readable by the group", "readable by others", "a FIFO", "short", "long", "two LF", "not hex"]


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_key_file_of_the_server(server_argv: list[str], key_file: Path, start: Start, fault: str) -> None:
    """A key file that is not as it should be ends the server with status 1 and one line on stderr."""
    break_key_file(key_file, fault)
    assert_one_line(start([*server_argv, *with_paths(FULL, key_file)]), str(key_file))


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_key_file_of_the_client(client_argv: list[str], key_file: Path, start: Start, fault: str) -> None:
    """For the client the key file counts as an option: status 2."""
    break_key_file(key_file, fault)
    finished = start([*client_argv, "--key-file", str(key_file), "127.0.0.1", "1"]).finish()
    assert (finished.status, finished.out) == (2, "")
    assert str(key_file) in finished.err


def test_help_of_the_server(server_argv: list[str], start: Start) -> None:
    """--help prints the usage on stdout and ends with status 0."""
    assert_usage(start([*server_argv, "--help"]))


def test_help_of_the_client(client_argv: list[str], start: Start) -> None:
    """--help prints the usage on stdout and ends with status 0."""
    assert_usage(start([*client_argv, "--help"]))


def test_option_with_equals_sign(start_server: StartServer) -> None:
    """--option=VALUE is --option VALUE."""
    assert start_server("--bind=ipv4", "--port=0").ready.startswith("READY 0.0.0.0:")


def test_new_log_is_private(start_server: StartServer) -> None:
    """A log that is not there is made with mode 0600."""
    server = start_server()
    assert server.log.stat().st_mode & 0o777 == 0o600


def test_port_in_use(start_server: StartServer, server_argv: list[str], key_file: Path, start: Start) -> None:
    """A taken port ends the server with status 1 and one line that names the address."""
    port = str(start_server("--bind", "ipv4").port)
    second = start([*server_argv, *with_paths(FULL, key_file), "--bind", "ipv4", "--port", port])
    assert_one_line(second, f"0.0.0.0:{port}")


@pytest.mark.parametrize("log", ["", "missing/chat.log"], ids=["a folder", "in no folder"])
def test_log_that_cannot_be_written(
    server_argv: list[str], key_file: Path, start: Start, tmp_path: Path, log: str
) -> None:
    """A log that cannot be opened ends the server with status 1 and one line that names it."""
    path = str(tmp_path / log)
    assert_one_line(start([*server_argv, "--log", path, "--key-file", str(key_file)]), path)


def test_second_server_with_the_same_pid_file(
    start_server: StartServer, server_argv: list[str], key_file: Path, start: Start, tmp_path: Path
) -> None:
    """The pid file is locked while the server lives: a second server is refused, the first one stays."""
    pid_file = tmp_path / "pid"
    server = start_server("--pid-file", str(pid_file))
    assert pid_file.read_text() == f"{server.program.pid}\n"
    assert_one_line(start([*server_argv, *with_paths(FULL, key_file), "--pid-file", str(pid_file)]), str(pid_file))
    assert pid_file.read_text() == f"{server.program.pid}\n"
    assert server.stop().status == 0
    assert not pid_file.exists()


def test_pid_file_of_a_killed_server(start_server: StartServer, tmp_path: Path) -> None:
    """A pid file that a killed server left behind is in nobody's way."""
    pid_file = tmp_path / "pid"
    start_server("--pid-file", str(pid_file)).stop(signal.SIGKILL)
    server = start_server("--pid-file", str(pid_file))
    assert pid_file.read_text() == f"{server.program.pid}\n"


def test_daemon(start_server: StartServer, connect: Connect, eventually: Eventually, tmp_path: Path) -> None:
    """--daemon: the process in front prints the ready line and exits 0; SIGTERM to the pid in the file ends it."""
    pid_file = tmp_path / "pid"
    server = start_server("--daemon", "--pid-file", str(pid_file))
    pid = int(pid_file.read_text())
    try:
        # EOF on stdout and stderr, for which finish() waits, says that the daemon let go of them.
        assert server.program.finish().status == 0
        peer = connect(server.port)
        peer.say("hello")
        assert (peer.welcome, peer.line()) == ("OK 0\n", "<peer> hello\n")
    finally:
        os.kill(pid, signal.SIGTERM)
    assert peer.rest() == ""
    eventually(lambda: not pid_file.exists(), "the pid file to be removed")
    eventually(lambda: is_refused(server.port), f"port {server.port} to be free")


def test_daemon_that_cannot_start(server_argv: list[str], key_file: Path, start: Start, tmp_path: Path) -> None:
    """A daemon says on stderr why it cannot start, and the process in front ends with status 1."""
    argv = [*server_argv, "--daemon", "--log", str(tmp_path), "--key-file", str(key_file)]
    assert_one_line(start(argv), str(tmp_path))


def test_torn_record(start_server: StartServer, connect: Connect, tmp_path: Path) -> None:
    """A torn record is ended with CAN LF by the next start, which says so; whole records keep their offsets."""
    log = tmp_path / "chat.log"
    log.write_bytes(b"<ada> whole\n<ada> to")
    server = start_server()
    assert log.read_bytes() == b"<ada> whole\n<ada> to\x18\n"
    peer = connect(server.port, "12")
    assert (peer.welcome, peer.line()) == ("OK 12\n", "<ada> to\x18\n")
    assert str(log) in server.stop().err


STARTED: dict[str, dict[str, Any]] = {
    "in a group": {},
    "group leader": {"preexec_fn": os.setpgrp},
    "session leader": {"start_new_session": True},
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("started", STARTED)
def test_signal_ends_all(start_server: StartServer, connect: Connect, number: signal.Signals, started: str) -> None:
    """SIGTERM, SIGINT and SIGHUP end every process with status 0, also through the process in front."""
    server = start_server(**STARTED[started])
    peer = connect(server.port)
    peer.say("hello")
    assert peer.line() == "<peer> hello\n"
    assert server.stop(number) == (0, "", "")
    # The connection is closed only when both processes of the client are gone.
    assert peer.rest() == ""
    assert is_refused(server.port)


@pytest.mark.parametrize("started", STARTED)
def test_only_a_group_leader_forks(start_server: StartServer, tmp_path: Path, started: str) -> None:
    """The pid file names the server itself, which leads a session of its own; only a group leader gets a front."""
    pid_file = tmp_path / "pid"
    server = start_server("--pid-file", str(pid_file), **STARTED[started])
    pid = int(pid_file.read_text())
    assert os.getsid(pid) == pid
    assert (pid != server.program.pid) == (started == "group leader")


@pytest.mark.parametrize("leader", [False, True], ids=["in a group", "group leader"])
def test_multicast_does_not_reach_a_neighbour(
    start_server: StartServer, start: Start, connect: Connect, leader: bool
) -> None:
    """SIGUSR1 goes to the server's own process group only: a neighbour that it would kill lives on."""
    if leader:
        server = start_server(preexec_fn=os.setpgrp)
        neighbour = start(["cat"], preexec_fn=lambda: os.setpgid(0, server.program.pid))
    else:
        neighbour = start(["cat"], preexec_fn=os.setpgrp)
        server = start_server(preexec_fn=lambda: os.setpgid(0, neighbour.pid))
    peer = connect(server.port)
    for text in ("one", "two"):
        peer.say(text)
        assert peer.line() == f"<peer> {text}\n"
    neighbour.type("alive\n")
    assert neighbour.line() == "alive\n"


def test_signal_to_the_server_behind_its_front(start_server: StartServer, tmp_path: Path) -> None:
    """SIGTERM to the server itself ends the process in front of it too, with the same status."""
    pid_file = tmp_path / "pid"
    server = start_server("--pid-file", str(pid_file), preexec_fn=os.setpgrp)
    os.kill(int(pid_file.read_text()), signal.SIGTERM)
    assert server.program.finish() == (0, "", "")


def test_front_that_is_killed(
    start_server: StartServer, connect: Connect, eventually: Eventually, tmp_path: Path
) -> None:
    """SIGKILL of the process in front takes the server along: no server is left that nobody knows of."""
    pid_file = tmp_path / "pid"
    server = start_server("--pid-file", str(pid_file), preexec_fn=os.setpgrp)
    peer = connect(server.port)
    server.program.process.kill()
    assert peer.rest() == ""
    eventually(lambda: not pid_file.exists(), "the pid file to be removed")
    eventually(lambda: is_refused(server.port), f"port {server.port} to be free")


def assert_one_line(program: Program, what: str) -> None:
    """Assert that a server could not start: status 1, nothing on stdout, one line on stderr that names *what*."""
    finished = program.finish()
    assert (finished.status, finished.out) == (1, "")
    assert finished.err.startswith("server: ")
    assert finished.err.count("\n") == 1
    assert what in finished.err


def assert_usage(program: Program) -> None:
    """Assert that a program printed its usage and nothing else."""
    finished = program.finish()
    assert (finished.status, finished.err) == (0, "")
    assert "usage" in finished.out.lower()
    assert "--key-file" in finished.out


def is_refused(port: int) -> bool:
    """Say whether nobody listens on *port* of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return True
    return False
