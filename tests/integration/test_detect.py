"""`anyunix init --detect`: real servers found out by starting them, and servers that are none."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import Subject
from anyunix.cli import main
from checkout import ROOT

C_SERVER = ROOT / "tests" / "differences" / "passive-order"
SERVE = """\
import contextlib, json, os, signal, socket, sys
def serve(listener, talk):
    while True:
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            talk(peer)
def greet(peer):
    peer.sendall(b"220 at your service\\r\\n")
    peer.recv(1)
def echo(peer):
    while data := peer.recv(100):
        peer.sendall(data)
def pong(peer):
    if peer.recv(100):
        peer.sendall(b"+PONG\\r\\n")
"""
GREETS_FROM_FILE = f"""{SERVE}
with open(sys.argv[1]) as file:
    serve(socket.create_server(("127.0.0.1", json.load(file)["port"])), greet)
"""
ECHO_BY_VARIABLE = f"""{SERVE}
serve(socket.create_server(("", int(os.environ.get("PORT", "3000")))), echo)
"""
DAEMON = f"""{SERVE}
listener = socket.create_server(("", int(sys.argv[1])))
if os.fork():
    os._exit(0)
os.setsid()
with open(sys.argv[2], "w") as file:
    print(os.getpid(), file=file)
serve(listener, pong)
"""
UNIX = f"""{SERVE}
signal.signal(signal.SIGHUP, signal.SIG_IGN)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
serve(listener, echo)
"""
FIXED = ECHO_BY_VARIABLE.replace('os.environ.get("PORT", "3000")', '"30" + "01"')
Detect = Callable[..., Subject]
pytestmark = pytest.mark.timeout(900)
"""Several starts each, and each with waits that grow with the load."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def detect(folder: Path, capfd: pytest.CaptureFixture[str]) -> Detect:
    def detected(*words: str, **files: str) -> Subject:
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        status = main(["init", "my.yaml", "--detect", *words])
        said = capfd.readouterr()
        assert status == 0, said
        assert "my.yaml: written; next: anyunix run --subject ./my.yaml --platform local" in said.out
        return read_subject(folder / "my.yaml")

    return detected


def needs_network() -> None:
    """For a server whose port cannot be chosen, and is taken on this machine maybe."""
    tried = subprocess.run(["unshare", "-Urn", "true"], check=False, capture_output=True) if _unshare() else None
    if os.geteuid() and (tried is None or tried.returncode):
        pytest.skip("no network namespace is to be had here")


def _unshare() -> bool:
    return shutil.which("unshare") is not None


def test_a_server_of_http_that_is_told_its_port(detect: Detect) -> None:
    subject = detect("python3", "-m", "http.server", "{port}")
    assert subject.start == ("{python}", "-m", "http.server", "{port}")
    assert subject.talk is not None
    assert (subject.talk.steps[0].expect, subject.talk.steps[0].again) == ("^HTTP/1", False)
    assert subject.promises.get("ipv4", True)
    assert (subject.starting.port, subject.starting.daemon, subject.stop) == (0, False, "SIGTERM")


@pytest.mark.parametrize("absolute", [False, True])
def test_a_port_in_a_configuration_file(detect: Detect, folder: Path, absolute: bool) -> None:
    """Of this folder, or wherever it is, as those below /etc are."""
    needs_network()
    (folder / "my.conf").write_text('{"port": 8081}\n')
    named = str(folder / "my.conf") if absolute else "my.conf"
    subject = detect("python3", "server.py", named, server=GREETS_FROM_FILE)
    assert subject.start == ("{python}", "server.py", "{work}/my.conf")
    assert (subject.files, dict(subject.configuration)) == (("server.py",), {"my.conf": '{"port": {port}}\n'})
    assert subject.talk is not None
    assert (subject.talk.steps[0].send, subject.talk.steps[0].expect) == ("", "^220")
    assert subject.promises["interfaces"] is False


def test_a_port_in_a_variable(detect: Detect) -> None:
    needs_network()
    subject = detect("python3", "server.py", server=ECHO_BY_VARIABLE)
    assert (dict(subject.environment), subject.configuration) == ({"PORT": "{port}"}, {})
    assert subject.talk is not None
    assert (subject.talk.steps[0].expect, subject.talk.steps[0].again) == ("^hello {n} {i}\r?$", True)


def test_a_port_that_it_has_alone(detect: Detect) -> None:
    needs_network()
    assert detect("python3", "server.py", server=FIXED).starting.port == 3001


def test_a_daemon_and_its_pid_file(detect: Detect) -> None:
    subject = detect("python3", "server.py", "{port}", "{work}/my.pid", server=DAEMON)
    assert (subject.starting.daemon, subject.starting.pid_file) == (True, "{work}/my.pid")
    assert subject.talk is not None
    assert subject.talk.steps[0].expect == r"^\+PONG"


def test_a_socket_of_the_unix_domain_and_a_signal_that_is_ignored(detect: Detect) -> None:
    subject = detect("python3", "server.py", "{socket}", server=UNIX)
    assert (subject.transport, subject.start[-1]) == ("unix", "{socket}")
    assert subject.promises["sighup"] == "survives"


def test_a_path_that_it_always_takes_has_to_be_named(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "server.py").write_text(UNIX.replace("sys.argv[1]", 'os.environ["HOME"] + "/s"'))
    assert main(["init", "my.yaml", "--detect", "python3", "server.py"]) == 1
    assert "and no word is that path: say {socket} where it is told it" in capfd.readouterr().err
    assert not (folder / "my.yaml").exists()


def test_a_program_in_c(detect: Detect, folder: Path) -> None:
    if not shutil.which("cc"):
        pytest.skip("no cc here")
    subprocess.run(["cc", "-o", folder / "server", C_SERVER / "server.c"], check=True, capture_output=True)
    subject = detect("./server", "{port}")
    assert (subject.files, subject.start, subject.needs) == (("server",), ("./server", "{port}"), ())


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import time; time.sleep(99)", "--detect: python3: it listens on nothing after "),
        ("raise SystemExit('no \\x1b[31mlicence')", "it ended with exit status 1 before it listened; its stderr ended"),
        ("import os; os.kill(os.getpid(), 9)", "it was killed by signal 9 before it listened; it said nothing"),
        ("import no_such_module", "files that it needs of this folder: name them with --with FILE before --detect"),
    ],
)
def test_one_that_does_not_listen_is_told_and_nothing_is_written_or_left(
    program: str, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("anyunix.discover.watched.LISTEN_SECONDS", 1.0)
    mark = f"mark-{os.getpid()}-of-this-test"
    assert main(["init", "--detect", "python3", "-c", program, "{port}", mark]) == 1
    error = capfd.readouterr().err
    assert said in error
    assert "\x1b" not in error
    assert [*folder.iterdir()] == []
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [words for words in running if mark.encode() in words and b"time.sleep" in words]
