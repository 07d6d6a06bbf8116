"""`anyunix check`: real servers from outside, those that answer and those that do not."""

import json
import re
import secrets
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.check.exchange import Request
from anyunix.check.reach import HostPort, parse_host_port, reach
from anyunix.cli import main
from anyunix.drivers.netns.netns_driver import NetnsDriver
from check_servers import V4, V6, serving

IN_NAMESPACE = """
import subprocess, sys
server = subprocess.Popen([sys.executable, "server.py", "--port", "0", "--log", "log", "--key-file", "key",
                           "--bind", "first"], stdout=subprocess.PIPE, cwd=sys.argv[1], text=True)
port = server.stdout.readline().rpartition(":")[2].strip()
check = [sys.executable, "-m", "anyunix", "check", "127.0.0.1:" + port, "--also", "::1", "--protocol", "chat"]
plain, dual = subprocess.run(check, capture_output=True, text=True), subprocess.run([*check, "--expect", "dual"],
                                                                                   capture_output=True, text=True)
server.terminate()
server.wait(10)
print(plain.returncode, dual.returncode)
print(dual.stdout + dual.stderr)
"""


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """127.0.0.1 and ::1 of a port."""

    def run(port: int, *options: str) -> tuple[int, str]:
        status = main(["check", f"127.0.0.1:{port}", "--also", "::1", "--timeout", "5", *options])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


@pytest.mark.parametrize(("where", "found"), [((V4, V6), "dual"), ((V4,), "ipv4"), ((V6,), "ipv6")])
def test_what_is_found_is_what_is_expected_or_else(
    where: tuple[tuple[socket.AddressFamily, str], ...], found: str, check: Callable[..., tuple[int, str]]
) -> None:
    with serving(*where) as port:
        for expected in ("dual", "ipv4", "ipv6", "closed"):
            status, said = check(port, "--expect", expected, "--send", r"hi\n", "--expect-reply", "^hello$")
            assert status == (0 if expected == found else 1), said
            assert ("✗" in said) == (expected != found)
        assert check(port)[0] == 0  # without an expectation it is enough that something answers


def test_ipv4_refused_beside_ipv6_names_the_likely_cause(check: Callable[..., tuple[int, str]]) -> None:
    with serving(V6) as port:
        status, said = check(port, "--expect", "dual")
        assert status == 1
        assert "dual was expected, ipv6 was found: IPv4 is refused: the server may have bound `::` alone" in said


def test_an_answer_that_fails_for_its_carriage_return_says_so() -> None:
    """Many protocols end their lines with CR LF, and `$` stands before LF alone."""
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"PONG\r\n")
        answer = Request(b"", re.compile(b"^PONG$", re.MULTILINE)).once(here, time.monotonic() + 0.05)
    assert not answer.served
    assert "no answer like '^PONG$', but 'PONG" in answer.said
    assert answer.said.endswith(r"(without its \r it would match: write \r?$ for the end of a line)")


def test_a_dead_port_is_refused(check: Callable[..., tuple[int, str]]) -> None:
    with serving(V4, V6) as port:
        pass
    status, said = check(port)
    assert status == 1
    assert said.count("refused") == 2
    assert f"nothing answers at 127.0.0.1:{port}" in said
    assert check(port, "--expect", "closed")[0] == 0


def test_no_answer_at_all_is_timed_out_and_costs_its_time_once() -> None:
    """Linux drops what comes to a listener whose queue is full: no SYN-ACK, no RST (listen(2))."""
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        found = reach("127.0.0.1", listener.getsockname()[1], 0.5)
    assert (found.outcome, found.answered) == ("timed out", False)


def test_an_address_without_a_route_is_unreachable() -> None:
    """RFC 5737's and RFC 3849's addresses for documentation, asked for inside of a namespace without any route."""
    program = """
from anyunix.check.reach import reach
found = reach("192.0.2.1", 80, 5.0)
print(found.outcome, found.error)
"""
    done = subprocess.run(
        ["unshare", "-Urn", sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(done.stderr)
    assert done.stdout == "unreachable Network is unreachable\n", done.stderr


def test_families_that_lead_to_different_servers_are_told(check: Callable[..., tuple[int, str]]) -> None:
    def old(peer: socket.socket) -> None:
        with peer:
            peer.sendall(b"220 version 1\n")

    def new(peer: socket.socket) -> None:
        with peer:
            peer.sendall(b"220 version 2\n")

    with serving(V4, V6, answer={"127.0.0.1": old, "::1": new}) as port:
        status, said = check(port)
    assert status == 1
    assert "IPv4 and IPv6 do not lead to the same service: '220 version 1' by IPv4, '220 version 2' by IPv6" in said


def test_connections_that_are_taken_and_not_served_are_no_service(check: Callable[..., tuple[int, str]]) -> None:
    def silent(peer: socket.socket) -> None:
        with peer:
            peer.recv(4096)
            peer.recv(4096)

    with serving(V4, V6, answer=silent) as port:
        status, said = check(port, "--send", r"hi\n", "--expect-reply", "hello", "--timeout", "0.5")
    assert status == 1
    assert "takes connections and does not serve: nothing within 0.5 s" in said


def test_a_server_that_never_ends_its_line_is_not_waited_for_longer(check: Callable[..., tuple[int, str]]) -> None:
    def drip(peer: socket.socket) -> None:
        with peer:
            while not select.select([peer], [], [], 0.05)[0] or peer.recv(4096):
                peer.sendall(b"\x1b[31mx")

    with serving(V4, V6, answer=drip) as port:
        status, said = check(port, "--send", "hi", "--expect-reply", "hello", "--timeout", "1")
    assert status == 1
    assert "no answer like 'hello', but 'xxx" in said
    assert "\x1b[31m" not in said


def test_json_says_the_same(check: Callable[..., tuple[int, str]]) -> None:
    with serving(V4) as port:
        status, said = check(port, "--json", "--send", r"hi\n", "--expect-reply", "^hello$", "--expect", "ipv4")
    report = json.loads(said)
    (found,) = report["targets"]
    assert (report["schema"], found["target"]) == (1, f"127.0.0.1:{port}")
    assert (status, found["found"], found["problems"]) == (0, "ipv4", [])
    assert [(each["address"], each["outcome"], each["served"]) for each in found["addresses"]] == [
        ("127.0.0.1", "answered", True),
        ("::1", "refused", False),
    ]
    assert len(found["addresses"][0]["round_trip_ms"]) == 5


@pytest.fixture(params=["c", "python"])
def chat(request: pytest.FixtureRequest, catalog: Catalog, tmp_path: Path) -> Iterator[tuple[int, Path, Path]]:
    """A real chat server: its port, its key file, its log."""
    folder = catalog.root / "chat" / request.param
    if request.param == "c":
        subprocess.run(["make", "-s", "-C", str(folder), "bin/server"], check=True)
    program = [str(folder / "bin" / "server")] if request.param == "c" else [sys.executable, str(folder / "server.py")]
    key, log = tmp_path / "key", tmp_path / "log"
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(64) + "\n")
    server = subprocess.Popen(
        [*program, "--port", "0", "--log", str(log), "--key-file", str(key)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    port = int(server.stdout.readline().rpartition(":")[2])
    yield port, key, log
    server.terminate()
    assert server.wait(10) == 0
    server.stdout.close()


def test_a_chat_server_is_the_same_service_on_both_families(
    chat: tuple[int, Path, Path], check: Callable[..., tuple[int, str]]
) -> None:
    port, key, log = chat
    status, said = check(port, "--protocol", "chat", "--key-file", str(key), "--expect", "dual", "--intrusive")
    assert status == 0, said
    assert "A message from a client of each family reached a client of the other." in said
    assert said.count("another client meanwhile: served") == 6
    assert re.search(r"half-open.*: answered with 14 bytes, closed", said)
    assert len(log.read_bytes().splitlines()) >= 12
    before = log.read_bytes()
    assert check(port, "--protocol", "chat", "--expect", "dual")[0] == 0  # without the key nothing is written
    assert log.read_bytes() == before


def test_a_wrong_key_is_no_service(
    chat: tuple[int, Path, Path], check: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_text("0" * 128)
    status, said = check(chat[0], "--protocol", "chat", "--key-file", str(tmp_path / "wrong"))
    assert status == 1
    assert "it does not welcome the client: 'ERR bad-key'" in said


def test_the_papers_first_bug_is_seen_from_outside(catalog: Catalog, tmp_path: Path) -> None:
    """The server as the paper wrote it, under FreeBSD's network defaults, looked at inside of that namespace."""
    driver = NetnsDriver(catalog.platform("local-v6only").options)
    if reason := driver.available():
        pytest.skip(reason)
    folder = catalog.root / "chat" / "python"
    try:
        driver.up(lambda text: None)
        key = ["sh", "-c", f"umask 077; printf '%s' {'a' * 128} >key"]
        assert driver.run(key, env={}, timeout=10).status == 0
        assert driver.run(["sh", "-c", f"cp -r {folder}/. ."], env={}, timeout=10).status == 0
        done = driver.run([sys.executable, "-c", IN_NAMESPACE, "."], env={"PYTHONPATH": str(catalog.root)}, timeout=60)
    finally:
        driver.down()
    assert done.stdout.splitlines()[0] == "0 1", done.stdout + done.stderr
    assert "dual was expected, ipv6 was found: IPv4 is refused: the server may have bound `::` alone" in done.stdout


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("localhost:80", HostPort("localhost", 80)),
        ("[::1]:80", HostPort("::1", 80)),
        ("192.0.2.1:65535", HostPort("192.0.2.1", 65535)),
    ],
)
def test_a_place_is_read(text: str, place: HostPort) -> None:
    assert parse_host_port(text) == place


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["::1:80"], "an IPv6 address goes into brackets"),
        (["localhost"], "expected HOST:PORT"),
        (["localhost:0"], "port from 1 to 65535"),
        (["localhost:1", "--also", "name"], "--also name: expected an IPv4 or IPv6 address"),
        (["localhost:1", "--key-file", "x"], "--key-file is for --protocol chat"),
        (["localhost:1", "--protocol", "chat", "--key-file", "/nowhere"], "/nowhere: cannot be read: No such file"),
        (["localhost:1", "--protocol", "chat", "--send", "x"], "--send and --expect-reply are for servers without"),
        (["localhost:1", "--expect-reply", "("], "--expect-reply: "),
    ],
)
def test_a_bad_order_is_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_name_without_an_address_is_exit_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nowhere.invalid:80"]) == 3
    assert "the name 'nowhere.invalid' has no address here" in capsys.readouterr().err


def test_a_name_of_one_family_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(V4) as port:
        assert main(["check", f"127.0.0.1:{port}", "--expect", "dual"]) == 1
    assert "dual was expected, ipv4 was found: 127.0.0.1 has no address of IPv6" in capsys.readouterr().out
