"""`anyunix sweep` on a server with weaknesses, and on the same without: it finds all of them, and nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

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


def command_for(subject: str, out: Path, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "anyunix", "sweep", "--subject", str(SERVERS / subject), "--out", str(out)]
    return [*command, *arguments]


def swept(subject: str, out: Path, *arguments: str) -> "tuple[int, dict[str, Any]]":
    command = command_for(subject, out, "--json", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SWEEP_SECONDS)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(autouse=True)
def tracer() -> None:
    if not shutil.which("strace"):
        pytest.skip("no strace on PATH")


def test_every_weakness_is_found(tmp_path: Path) -> None:
    status, document = swept("weak.yaml", tmp_path)
    broken = {
        (each["phase"], each["text"], each["error"]): each["how"]
        for each in document["injections"]
        if each["answer"] == "broken"
    }
    found = {key: broken.get(key, "")[: len(how)] for key, how in WEAKNESSES.items()}
    others = [each for each in document["injections"] if found.get((each["phase"], each["text"], each["error"])) == ""]
    assert found == WEAKNESSES, (others, document["platforms"])
    assert status == 1


def test_the_healthy_server_goes_on(tmp_path: Path) -> None:
    status, document = swept("healthy.yaml", tmp_path)
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
def test_without_a_tracer_it_is_done_from_inside_of_the_server(subject: str, answer: str, tmp_path: Path) -> None:
    """One of each kind: by process, by file, lasting, short, at a call that was made, and at its end."""
    wanted = (
        "serving-parent-accept-socket-EMFILE-lasting",
        "serving-child-write-log-EINTR-first",
        "serving-child-write-client-half-first",
        "serving-child-read-client-one-first",
        "serving-parent-close-client-EINTR-first",
        "ending-parent-wait-EINTR-first",
    )
    _, document = swept(subject, tmp_path / "out", *(f"--injection={each}" for each in wanted))
    assert document["platforms"][0]["alike"] == []
    lasting, *others = ((each["answer"], each["how"]) for each in document["injections"])
    assert lasting[0] in (answer, "client lost"), document["injections"]
    assert {each[0] for each in others} == {answer}, document["injections"]


@pytest.mark.usefixtures("no_tracer")
def test_where_nothing_can_be_injected_nothing_is_kept(tmp_path: Path) -> None:
    """With no tracer, and a server that nothing can be preloaded into."""
    shutil.copy(SERVERS / "server.c", tmp_path)
    subject = tmp_path / "static.yaml"
    subject.write_text((SERVERS / "healthy.yaml").read_text().replace("[cc, -o", "[cc, -static, -o"))
    command = command_for(str(subject), tmp_path / "out")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 3, done.stderr
    assert "not tried: strace is of no use: strace: Operation not permitted" in done.stderr
    assert "from inside of the server: nothing can be preloaded into it: it is linked statically" in done.stderr


def test_an_unknown_injection_is_exit_status_2(tmp_path: Path) -> None:
    command = command_for("healthy.yaml", tmp_path, "--injection", "serving-parent-accept")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 2
    assert "--injection serving-parent-accept: the server makes no such call" in done.stderr


def test_a_sweep_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """What had come is in the journal, and is not made again; a line that was being written is."""
    journal = tmp_path / "healthy" / "sweep.journal"
    killed = subprocess.Popen(
        command_for("healthy.yaml", tmp_path, "--quick"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 200
        while not (journal.exists() and journal.read_bytes().count(b"\n") > 5):
            assert time.monotonic() < end and killed.poll() is None, "five results do not come"
            time.sleep(0.05)
    finally:
        killed.kill()
        killed.wait()
    before = journal.read_bytes()[:-3].rpartition(b"\n")[0] + b"\n"
    journal.write_bytes(before + b'{"platform": "loc')
    _, document = swept("healthy.yaml", tmp_path, "--quick", "--resume")
    assert [each["reason"] for each in document["platforms"]] == [""]
    after = journal.read_bytes()
    assert before.count(b"\n") > 4
    assert after.startswith(before)
    made = [json.loads(line)["swept"]["id"] for line in after.splitlines()[1:]]
    assert sorted(made) == sorted(each["id"] for each in document["injections"])


def test_results_are_gated_and_written_as_those_of_contracts(tmp_path: Path) -> None:
    """One weakness of the weak server is expected, another one is not; a third expectation no longer holds."""
    accept, bind = (f"serving-parent-accept-socket-{error}-first" for error in ("ECONNABORTED", "EINTR"))
    kept = "serving-parent-accept-socket-EMFILE-first"
    (tmp_path / "weak.yaml").write_text(
        f"local:\n  sweep::{accept}: {{reason: a known weakness}}\n  sweep::{kept}: {{reason: it was one}}\n"
    )
    arguments = [word for name in (accept, bind, kept) for word in ("--injection", name)]
    command = command_for("weak.yaml", tmp_path, *arguments, "--expectations", str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SWEEP_SECONDS)
    assert done.returncode == 1, done.stderr
    assert "expected: dies: serving: parent: accept(socket) answers ECONNABORTED: a known weakness" in done.stdout
    assert "broken: dies: serving: parent: accept(socket) answers EINTR" in done.stdout
    assert f"local: sweep::{kept}: no longer fails in bind default: remove it" in " ".join(done.stdout.split())
    junit = ElementTree.parse(tmp_path / "weak" / "alone" / "junit.xml").getroot()
    assert {case.get("name"): case.find("failure") is not None for case in junit.iter("testcase")} == {
        accept: True,
        bind: True,
        kept: False,
    }
    assert "a known weakness" in (tmp_path / "weak" / "alone" / "index.html").read_text()


@pytest.mark.parametrize(("subject", "answer"), [("keeps.yaml", "client lost"), ("loses.yaml", "broken")])
def test_a_check_of_the_subjects_own_says_what_is_true(subject: str, answer: str, tmp_path: Path) -> None:
    _, document = swept(subject, tmp_path, "--injection", "serving-parent-write-kept-ENOSPC-first")
    (found,) = document["injections"]
    assert found["answer"] == answer, found
    if answer == "broken":
        assert re.fullmatch(r"lies: the check sh ended with exit status 1: b'\d{6} is kept 0 times\\n'", found["how"])
        assert any(line.startswith("write(") and line.endswith("(INJECTED)") for line in found["trace"]), found


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("[sh, -c, 'cat > /dev/null; exit 3']", "with nothing injected, the check sh ended with exit status 3"),
        ("[sh, -c, 'exit 4', '{port}']", "with nothing injected, the check sh ended with exit status 4"),
        ("[./no-such-check]", "check: './no-such-check' cannot be run in "),
    ],
)
def test_a_check_that_is_wrong_without_an_injection_is_no_answer(check: str, said: str, tmp_path: Path) -> None:
    shutil.copy(SERVERS / "keeper.c", tmp_path)
    text = (SERVERS / "keeps.yaml").read_text().replace(", kept.sh", "")
    (tmp_path / "mine.yaml").write_text(re.sub("^check: .*$", f"check: {check}", text, flags=re.MULTILINE))
    command = command_for(str(tmp_path / "mine.yaml"), tmp_path / "out")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 3, done.stderr
    assert "anyunix: local: mine cannot be swept: " in done.stderr
    assert said in done.stderr
