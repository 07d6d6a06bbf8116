"""Servers that a difference does not reach, and platforms where none can be switched on: said, and never a pass."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.difference import Difference, Mechanism
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import Subject
from anyunix.catalog.switching import experimental
from anyunix.drivers.netns.netns_driver import NetnsDriver, NetnsOptions
from anyunix.drivers.registry import Drivers
from anyunix.results.model import CellResult
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from checkout import ROOT

FIRST_ADDRESS = ROOT / "tests" / "differences" / "passive-order" / "server.c"
SERVED = "binding/test_any_server_contracts.py::test_a_client_on_ipv4_loopback_is_served"
AGAIN = "binding/test_any_server_contracts.py::test_it_starts_again_on_its_port_at_once"
IDLE = "signals/test_any_server_contracts.py::test_idle_clients_hold_up_nobody"
SUBJECT = """\
title: a server
files: [{file}]
start: [{start}, "{{port}}"]
ready: {{port: true}}
talk: {{send: "hello\\n", expect: "^hello\\n"}}
promises: {{at_once: {at_once}, orphans: false}}
"""
BY_A_CHILD = """\
import os, signal, socket, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
CHILD = "import socket, sys;peer = socket.socket(fileno=int(sys.argv[1]))\\nwhile it := peer.recv(9): peer.sendall(it)"
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
served = 0
while True:
    peer, _ = listener.accept()
    served += 1
    peer.set_inheritable(True)
    environment = {} if served >= int(os.environ["CLEAR_FROM"]) else os.environ
    os.posix_spawn(sys.executable, ["python3", "-I", "-S", "-c", CHILD, str(peer.fileno())], environment)
    peer.close()
"""
"""A program of its own for each client, whose environment is empty from a certain one on."""


def ended(catalog: Catalog, subject: Subject, *names: str, probes: tuple[str, ...] = (), k: str = "") -> CellResult:
    """A cell on this machine with differences of the project."""
    known = {each.name: each for each in catalog.differences}
    return on(catalog, experimental(catalog.platform("local"), [known[name] for name in names]), subject, probes, k)


def on(catalog: Catalog, platform: Platform, subject: Subject, probes: tuple[str, ...] = (), k: str = "") -> CellResult:
    options = SuiteOptions(catalog.suite, expression=k)
    with options.cross_builds:
        cell = Cell(subject, platform, next(iter(subject.binds)), probes=probes)
        return CellRun(cell, Drivers().for_platform(platform), options, lambda text: None).run()


def compiled(folder: Path, *command: str) -> Subject:
    """The server that listens on the first address, built with this compiler and flags."""
    shutil.copy(FIRST_ADDRESS, folder)
    (folder / "smallest.c").write_text("int main(void) { return 0; }\n")
    tried = subprocess.run([*command, "-o", os.devnull, "smallest.c"], cwd=folder, capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"{' '.join(command)} builds nothing here")
    text = SUBJECT.format(file="server.c", start="./server", at_once="false")
    (folder / "mine.yaml").write_text(f"{text}build: [{', '.join(command)}, -o, server, server.c]\n")
    return read_subject(folder / "mine.yaml")


def in_python(folder: Path, source: str, *front: str, **environment: str) -> Subject:
    (folder / "server.py").write_text(source)
    start = ", ".join([*front, '"{python}"', "server.py"])
    text = SUBJECT.format(file="server.py", start=start, at_once="true")
    (folder / "mine.yaml").write_text(
        f"{text}environment: {{{', '.join(f'{k}: {v!r}' for k, v in environment.items())}}}\n"
    )
    return read_subject(folder / "mine.yaml")


@pytest.fixture
def tiny(tmp_path: Path) -> Subject:
    return in_python(tmp_path, BY_A_CHILD, CLEAR_FROM="1000")


def outcome(result: CellResult) -> tuple[str, str]:
    """Of its only contract."""
    assert result.status == "ran", result.reason
    (probe,) = result.probes
    return probe.outcome, probe.message


@pytest.mark.parametrize("command", [("cc", "-static"), ("cc", "-static-pie"), ("musl-gcc", "-static")])
def test_a_static_server_is_not_tried(tmp_path: Path, catalog: Catalog, command: tuple[str, ...]) -> None:
    subject = compiled(tmp_path, *command)
    result = ended(catalog, subject, "accept-nonblock", k=SERVED.rpartition("::")[2])
    said = "not tried: nothing can be preloaded into it: it is linked statically"
    assert (result.status, result.reason, result.probes) == ("not-run", said, ())
    assert outcome(ended(catalog, subject, "accept-nonblock", probes=(SERVED,))) == ("skipped", said)


def test_a_32_bit_server_on_a_64_bit_platform_is_not_tried(tmp_path: Path, catalog: Catalog) -> None:
    if sys.maxsize < 2**32:
        pytest.skip("32 bits here")
    result = ended(catalog, compiled(tmp_path, "cc", "-m32"), "accept-nonblock", probes=(SERVED,))
    said = "not tried: nothing can be preloaded into it: /lib/ld-linux.so.2 loads it, and "
    assert outcome(result)[0] == "skipped"
    assert outcome(result)[1].startswith(said)


def namespaces() -> None:
    if reason := NetnsDriver(NetnsOptions()).available():
        pytest.skip(reason)


def test_a_static_server_with_another_libc_does_not_read_what_glibc_reads(tmp_path: Path, catalog: Catalog) -> None:
    namespaces()
    subject = compiled(tmp_path, "musl-gcc", "-static")
    said = "not tried: it has a libc of its own, which does not read /etc/gai.conf"
    assert outcome(ended(catalog, subject, "passive-order", probes=(SERVED,))) == ("skipped", said)


def test_a_static_server_with_glibc_reads_it(tmp_path: Path, catalog: Catalog) -> None:
    namespaces()
    subject = compiled(tmp_path, "cc", "-static")
    assert outcome(ended(catalog, subject, "passive-order", "v6only-default", probes=(SERVED,)))[0] == "failed"


def test_a_server_that_clears_its_environment_is_not_tried(tmp_path: Path, catalog: Catalog) -> None:
    source = BY_A_CHILD.replace('os.environ["CLEAR_FROM"]', "1000")
    subject = in_python(tmp_path, source, "env", "-i")
    said = "not tried: nothing can be preloaded into it: it clears its environment, or has rights of its own"
    result = ended(catalog, subject, "accept-nonblock", k=SERVED.rpartition("::")[2])
    assert (result.status, result.reason) == ("not-run", said)
    assert outcome(ended(catalog, subject, "accept-nonblock", probes=(SERVED,))) == ("skipped", said)


@pytest.mark.parametrize(
    ("first", "probe", "outcomes"), [("1000", SERVED, "passed"), ("1", SERVED, "skipped"), ("3", IDLE, "skipped")]
)
def test_a_program_that_the_server_starts_without_it_is_noticed(
    tmp_path: Path, catalog: Catalog, first: str, probe: str, outcomes: str
) -> None:
    """At the client that it is started for, or at the end of the probe."""
    subject = in_python(tmp_path, BY_A_CHILD, CLEAR_FROM=first)
    found, said = outcome(ended(catalog, subject, "accept-nonblock", probes=(probe,)))
    assert found == outcomes, said
    assert found == "passed" or said.startswith("not tried: nothing can be preloaded into it: it clears its environ")


def of_source(folder: Path, source: str) -> Difference:
    (folder / "mine.c").write_text(source)
    mechanism = Mechanism(preload="mine.c")
    facts = {"accept.inherits_nonblock": True}
    return Difference("mine", "mine", {"freebsd": "x"}, "none", facts, "a server", mechanism, mechanism, folder)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("int\nmain(void)\n{\n\treturn nothing;\n}\n", "not tried: mine.c does not compile: mine.c:4:16: error: "),
        ('#include "no_such.h"\n', "not tried: mine.c does not compile: mine.c:1:10: fatal error: no_such.h"),
        (
            "#include <unistd.h>\n__attribute__((constructor)) static void no(void) { _exit(3); }\n",
            "not tried: not on in a Python here: it said nothing",
        ),
        ("int no_such_function(void);\nint (*it)(void) = no_such_function;\n", "not tried: not on in a Python here: "),
    ],
)
def test_a_source_that_cannot_be_preloaded_is_said(
    tmp_path: Path, catalog: Catalog, tiny: Subject, source: str, said: str
) -> None:
    platform = experimental(catalog.platform("local"), [of_source(tmp_path, source)])
    result = on(catalog, platform, tiny, (SERVED,))
    assert result.status == "not-run"
    assert result.reason.startswith(said)


def test_a_work_folder_where_preloaded_names_would_be_split_is_said(
    tmp_path: Path, catalog: Catalog, tiny: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a space").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "a space"))
    result = ended(catalog, tiny, "accept-nonblock", probes=(SERVED,))
    assert result.status == "not-run"
    assert "a space" in result.reason
    assert result.reason.endswith(
        "LD_PRELOAD is split at spaces and colons; set TMPDIR to a folder without any in its name"
    )


def test_a_work_folder_without_execution_is_said(tmp_path: Path, catalog: Catalog) -> None:
    """As switch_on.py says it: a difference that is compiled, and cannot be mapped."""
    source = next(each for each in catalog.differences if each.name == "accept-nonblock")
    needed = {"preload": "accept_nonblock.c", "limits": {}, "files": {}}
    (tmp_path / "on.json").write_text(json.dumps([{"glibc": needed, "musl": needed}]))
    for file in (*source.preloaded, *source.sources.glob("*.h")):
        shutil.copy(file, tmp_path)
    script = (
        f"mkdir there && mount -t tmpfs -o noexec tmpfs there && cp on.json *.c *.h there && "
        f"ANYUNIX_DIFFERENCES=$PWD/there exec {sys.executable} {catalog.suite}/switch_on.py"
    )
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if "unshare failed" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    assert "accept_nonblock.so' from LD_PRELOAD cannot be preloaded (failed to map segment" in done.stdout


def without(folder: Path, *tools: str) -> str:
    """A PATH with all that is on this one but `tools`."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*"):
            if program.name not in tools and not (folder / program.name).exists():
                (folder / program.name).symlink_to(program)
    return str(folder)


def test_a_platform_without_a_compiler_is_said(
    tmp_path: Path, catalog: Catalog, tiny: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", without(tmp_path / "bin", "cc"))
    monkeypatch.delenv("CC", raising=False)
    known = {each.name: each for each in catalog.differences}
    platform = replace(experimental(catalog.platform("local"), [known["accept-nonblock"]]), cross="")
    result = on(catalog, platform, tiny, (SERVED,))
    said = "not tried: no C compiler (cc) here, and accept_nonblock.c has to be compiled: install one, or "
    assert (result.status, result.reason[: len(said)]) == ("not-run", said)


def test_a_platform_that_forbids_namespaces_is_not_run(
    tmp_path: Path, catalog: Catalog, tiny: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = without(tmp_path / "bin", "unshare")
    (tmp_path / "bin" / "unshare").write_text("#!/bin/sh\necho 'unshare: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "bin" / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", path)
    result = ended(catalog, tiny, "v6only-default", probes=(SERVED,))
    assert result.status == "not-run"
    assert result.reason.startswith("user namespaces are forbidden here (unshare: Operation not permitted)")
