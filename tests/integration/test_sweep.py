"""`anyunix sweep` on a server with weaknesses, and on the same without: it finds all of them, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checkout import ROOT

SERVERS = ROOT / "tests" / "sweep"
SWEEP_SECONDS = 840
"""A minute where nothing else runs: on a busy machine every deadline of a probe is longer."""
pytestmark = pytest.mark.timeout(SWEEP_SECONDS + 60)
WEAKNESSES = {
    ("starting", "bind(socket, 0.0.0.0:port)", "EADDRINUSE"): "lies",
    ("starting", "open(pid, O_CREAT|O_TRUNC|O_WRONLY)", "EACCES"): "says nothing",
    ("serving", "sleep()", "EINTR"): "dies",
    ("serving", "accept(socket)", "EMFILE"): "spins",
    ("serving", "accept(socket)", "ECONNABORTED"): "dies",
    ("serving", "accept(socket)", "EINTR"): "dies",
    ("serving", "fork()", "EAGAIN"): "leaks",
    ("serving", "setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, [1])", "ENOBUFS"): "dies",
    ("serving", "open(served, O_APPEND|O_CREAT|O_WRONLY)", "EMFILE"): "dies",
    ("serving", "flock(log, LOCK_EX)", "EINTR"): "loses a client",
    ("serving", "write(log)", "EINTR"): "loses a client",
    ("serving", "write(log)", "EIO"): "spins",
    ("serving", "read(client)", "EINTR"): "loses a client",
    ("serving", "read(client)", "ECONNRESET"): "dies",
    ("serving", "write(client)", "EINTR"): "loses a client",
    ("serving", "write(client)", "EPIPE"): "leaks",
    ("serving", "write(client)", "half"): "loses a client to a short",
    ("serving", "read(client)", "one"): "loses a client to a short",
    ("serving", "close(client)", "EINTR"): "loses a client",
    ("ending", "wait()", "EINTR"): "hangs",
}
"""Phase, call and error -> how it breaks. server.c has a comment at each."""


def swept(subject: str, *arguments: str) -> "tuple[int, dict[str, Any]]":
    command = [sys.executable, "-m", "anyunix", "sweep", "--json", "--subject", str(SERVERS / subject), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SWEEP_SECONDS)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(autouse=True)
def tracer() -> None:
    if not shutil.which("strace"):
        pytest.skip("no strace on PATH")


def test_every_weakness_is_found() -> None:
    status, document = swept("weak.yaml")
    broken = {
        (each["phase"], each["text"], each["error"]): each["how"]
        for each in document["injections"]
        if each["answer"] == "broken"
    }
    found = {key: broken.get(key, "")[: len(how)] for key, how in WEAKNESSES.items()}
    others = [each for each in document["injections"] if found.get((each["phase"], each["text"], each["error"])) == ""]
    assert found == WEAKNESSES, (others, document["alike"])
    assert status == 1


def test_the_healthy_server_goes_on() -> None:
    status, document = swept("healthy.yaml")
    broken = [each for each in document["injections"] if each["answer"] == "broken"]
    assert broken == []
    assert status == 0
    tried = {(each["phase"], each["text"], each["error"]) for each in document["injections"] if each["line"]}
    assert WEAKNESSES.keys() <= tried


@pytest.fixture
def no_tracer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A strace that may not trace."""
    (tmp_path / "strace").write_text("#!/bin/sh\necho 'strace: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "strace").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("no_tracer")
@pytest.mark.parametrize(("subject", "answer"), [("weak.yaml", "broken"), ("healthy.yaml", "kept")])
def test_without_a_tracer_it_is_done_from_inside_of_the_server(subject: str, answer: str) -> None:
    """One of each kind: by process, by file, lasting, short, at a call that was made, and at its end."""
    wanted = (
        "serving-parent-accept-socket-EMFILE-lasting",
        "serving-child-write-log-EINTR-first",
        "serving-child-write-client-half-first",
        "serving-child-read-client-one-first",
        "serving-parent-close-client-EINTR-first",
        "ending-parent-wait-EINTR-first",
    )
    _, document = swept(subject, *(f"--injection={each}" for each in wanted))
    assert document["alike"] == []
    lasting, *others = ((each["answer"], each["how"]) for each in document["injections"])
    assert lasting[0] in (answer, "client lost"), document["injections"]
    assert {each[0] for each in others} == {answer}, document["injections"]


@pytest.mark.usefixtures("no_tracer")
def test_where_nothing_can_be_injected_nothing_is_kept(tmp_path: Path) -> None:
    """With no tracer, and a server that nothing can be preloaded into."""
    shutil.copy(SERVERS / "server.c", tmp_path)
    subject = tmp_path / "static.yaml"
    subject.write_text((SERVERS / "healthy.yaml").read_text().replace("[cc, -o", "[cc, -static, -o"))
    command = [sys.executable, "-m", "anyunix", "sweep", "--subject", str(subject)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 3, done.stderr
    assert "not tried: strace is of no use: strace: Operation not permitted" in done.stderr
    assert "from inside of the server: nothing can be preloaded into it: it is linked statically" in done.stderr


def test_an_unknown_injection_is_exit_status_2() -> None:
    command = [sys.executable, "-m", "anyunix", "sweep", "--subject", str(SERVERS / "healthy.yaml")]
    done = subprocess.run(
        [*command, "--injection", "serving-parent-accept"], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 2
    assert "--injection serving-parent-accept: the server makes no such call" in done.stderr
